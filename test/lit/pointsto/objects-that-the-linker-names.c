// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: mkdir -p %t && %capcc -O2 -fcapriccio-icalls=pointsto -fcapriccio-check-icalls -Wl,--defsym=by_linker=first %s -o %t/a && %run-modes %t/a | FileCheck %s
// RUN: %capcc -O0 -fcapriccio-icalls=pointsto -fcapriccio-check-icalls -Wl,--defsym,by_linker=first %s -o %t/b && %run-modes %t/b | FileCheck %s
// RUN: echo 'by_linker = first;' >%t/script
// RUN: %capcc -O2 -fcapriccio-icalls=pointsto-strict -fcapriccio-check-icalls -Wl,-T,%t/script %s -o %t/c && %run-modes %t/c | FileCheck %s
// RUN: %capcc -O2 -fcapriccio-icalls=signature -fcapriccio-check-icalls -Wl,--defsym=by_linker=first %s -o %t/d && %run-modes %t/d | FileCheck %s
// REQUIRES: capcc
// Names that the module declares and that are its own objects: the bounds of a section, an alias made by assembly, one made by the linker.
// CHECK: section 23
// CHECK-NEXT: assembly 3
// CHECK-NEXT: linker 4
#include <stdio.h>
#define KEEP __attribute__((noinline))

typedef int (*step)(int);
static KEEP int add_one(int n) { return n + 1; }
static KEEP int add_two(int n) { return n + 2; }
static KEEP int add_three(int n) { return n + 3; }
static const step one __attribute__((used, section("steps"))) = add_one;
static const step two __attribute__((used, section("steps"))) = add_two;
extern const step __start_steps[], __stop_steps[];

struct operations {
    step run;
};
struct operations first = {add_one}, second = {add_one};
extern struct operations by_linker, by_assembly;
__asm__(".globl by_assembly\n.set by_assembly, second");
KEEP int run_first(int n) { return first.run(n); }
KEEP int run_second(int n) { return second.run(n); }

int main(int argc, char **argv) {
    (void)argv;
    int digits = 0;
    for (const step *at = __start_steps; at < __stop_steps; at++)
        digits = digits * 10 + (*at)(1);
    printf("section %d\n", digits);
    if (argc < 9) {
        by_assembly.run = add_two;
        by_linker.run = add_three;
    }
    printf("assembly %d\n", run_second(1));
    printf("linker %d\n", run_first(1));
}
