/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Inline assembly that calls, or moves rsp by an amount that nobody states, could run past the end of a chunk: refused in
 * one line that names the function, with no output left behind.
 *
 * REQUIRES: capcc
 * RUN: rm -f %t
 * RUN: not %capcc -O2 %s -o %t 2>&1 | FileCheck %s
 * RUN: test ! -e %t
 * RUN: not %capcc -O2 -DMOVES_RSP %s -o %t 2>&1 | FileCheck %s
 * RUN: test ! -e %t
 */
#include <stdio.h>

void called_from_assembly(void) { puts("called"); }

// CHECK: {{^}}capcc: error: {{.*}}offender
__attribute__((noinline)) void offender(void) {
#ifdef MOVES_RSP
    __asm__ volatile("subq %0, %%rsp\n\tmovq $0, (%%rsp)\n\taddq %0, %%rsp" ::"r"(4096L) : "memory");
#else
    __asm__ volatile("call called_from_assembly" ::: "memory", "rax", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11");
#endif
}

int main(void) {
    offender();
    return 0;
}
