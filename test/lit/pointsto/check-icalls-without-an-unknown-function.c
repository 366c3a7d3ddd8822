// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: not %capcc -O2 -fcapriccio-check-icalls=without:subtarct %s -o %t 2>&1 | FileCheck --check-prefix=UNKNOWN %s
// RUN: not %capcc -O2 -fcapriccio-check-icalls=without:main %s -o %t 2>&1 | FileCheck --check-prefix=UNREACHED %s
// REQUIRES: capcc
// Leaving out what no set has would leave a check that cannot fail.
// UNKNOWN: {{^}}capcc: error: -fcapriccio-check-icalls=without:subtarct: the program has no function of this name at the link {{.*}}Remedy:
// UNREACHED: {{^}}capcc: error: -fcapriccio-check-icalls=without:main: no indirect call has this function in its set. Remedy:
static __attribute__((noinline)) int subtract(int a, int b) { return a - b; }
static int (*const volatile table[])(int, int) = {subtract};

int main(int argc, char **argv) {
    (void)argv;
    return table[argc - 1](3, 3);
}
