// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: mkdir -p %t && %capcc -g -O2 -fcapriccio-check-icalls %s -o %t/all && %t/all | FileCheck --check-prefix=ALL %s
// RUN: %capcc -g -O2 -fcapriccio-icalls=signature -fcapriccio-check-icalls=without:subtract %s -o %t/signature
// RUN: not --crash %t/signature 2>&1 | FileCheck %s
// RUN: %capcc -g -O2 -fcapriccio-icalls=pointsto -fcapriccio-check-icalls=without:subtract %s -o %t/pointsto
// RUN: not --crash %t/pointsto 2>&1 | FileCheck %s
// REQUIRES: capcc
// A target that is in the set of its site passes; one that was taken out of it, by the flag's form for tests, ends the program
// with the site and the target. So does the check of either kind of set.
// ALL: 5 1 6
// CHECK: capriccio: an indirect call in {{.*}} at {{.*}}check-icalls-catches-a-missing-target.c:[[#]] reaches subtract, which is not among
#include <stdio.h>
#include <stdlib.h>

static __attribute__((noinline)) int add(int a, int b) { return a + b; }
static __attribute__((noinline)) int subtract(int a, int b) { return a - b; }
static __attribute__((noinline)) int multiply(int a, int b) { return a * b; }
static int (*const volatile table[])(int, int) = {add, subtract, multiply};

int main(int argc, char **argv) {
    (void)argv;
    for (int i = 0; i < 3; i++) printf("%d ", table[(i * argc) % 3](3, 2));
    printf("\n");
    return 0;
}
