/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Naked functions: one that only computes, one that pushes what it needs, called directly, through pointers and from a recursion
 * that links chunks.
 *
 * RUN: %run-matrix %s %t | FileCheck %s
 */
#include "Inputs/on-thread.h"

__attribute__((naked, noinline)) static long twice(long x) { __asm__("leaq (%rdi,%rdi), %rax\n\tret"); }

__attribute__((naked, noinline)) static long through_the_stack(long x) {
    __asm__("pushq %rdi\n\tpushq %rdi\n\tpopq %rax\n\taddq (%rsp), %rax\n\taddq $8, %rsp\n\tret");
}

static long (*const pointers[])(long) = {twice, through_the_stack};

KEEP static long descend(int left, long sum) {
    volatile char room[150];
    room[0] = 1;
    sum += twice(left) - through_the_stack(left) + pointers[OPAQUE(left & 1)](room[0]);
    return left ? descend(left - 1, sum) : sum;
}

static void body(void) {
    printf("%ld %ld %ld\n", twice(OPAQUE(21)), through_the_stack(OPAQUE(4)), descend(OPAQUE(20000), 0));
    // CHECK: 42 8 40002
}

int main(void) {
    on_thread(body);
    return 0;
}
