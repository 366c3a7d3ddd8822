/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * An interpreter by labels as values, whose call instruction recurses into the interpreter: the indirect branches have to
 * stay inside one function.
 *
 * RUN: %run-matrix %s %t | FileCheck %s
 */
#include "Inputs/on-thread.h"

enum { PUSH, ADD, DECREMENT, CALL, JUMP_IF_ZERO, RETURN };

/* sum(n) = n == 0 ? 0 : n + sum(n - 1); pc 0 */
static const int program[] = {JUMP_IF_ZERO, 8, PUSH, DECREMENT, CALL, 0, ADD, RETURN, RETURN};

static KEEP long run(int pc, long argument) {
    static const void *const labels[] = {&&push, &&add, &&decrement, &&call, &&jump_if_zero, &&ret};
    long stack[16], *top = stack;
    *top = argument;
#define NEXT goto *labels[program[pc++]]
    NEXT;
push:
    top[1] = top[0];
    top++;
    NEXT;
add:
    top--;
    top[0] += top[1];
    NEXT;
decrement:
    top[0]--;
    NEXT;
call:
    top[0] = run(program[pc], top[0]);
    pc++;
    NEXT;
jump_if_zero:
    pc = top[0] == 0 ? program[pc] : pc + 1;
    NEXT;
ret:
    return top[0];
}

static void body(void) { printf("%ld\n", run(0, OPAQUE(20000L))); }

int main(void) {
    on_thread(body);
    // CHECK: 200010000
    return 0;
}
