/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Functions with more than one way out of their inline assembly, with all callee-saved registers saved (__builtin_unwind_init) and
 * with the frame's address asked for, in recursions.
 *
 * RUN: %run-matrix %s %t | FileCheck %s
 */
#include "Inputs/on-thread.h"

static KEEP int jumps(int n) {
    int next;
    __asm__ goto("leal -1(%1), %0\n\ttestl %1, %1\n\tjnz %l2" : "=&r"(next) : "r"(n) : "cc" : more);
    return 5;
more:;
    char room[500];
    memset(room, 1, sizeof room);
    return jumps(next) + room[OPAQUE(3)];
}
static KEEP int saves(int n) {
    __builtin_unwind_init();
    char room[100];
    memset(room, 1, sizeof room);
    return n == 0 ? 0 : saves(n - 1) + room[OPAQUE(3)];
}
static KEEP int clobbers(int n) {
    __asm__ volatile("" : : : "rbx", "r12", "r13", "r14", "r15", "memory");
    char room[100];
    memset(room, 1, sizeof room);
    int below = n == 0 ? 0 : clobbers(n - 1) + room[OPAQUE(1)];
    __asm__ volatile("" : : : "rbx", "r12", "r13", "r14", "r15");
    return below;
}
static KEEP int asks(int n) {
    char *here = __builtin_frame_address(0);
    char room[100];
    memset(room, 1, sizeof room);
    return n == 0 ? here != NULL : asks(n - 1) + room[OPAQUE(9)];
}

static void body(void) {
    printf("%d %d %d %d\n", jumps(OPAQUE(60)), saves(OPAQUE(40)), clobbers(OPAQUE(40)), asks(OPAQUE(50)));
    // CHECK: 65 40 40 51
}

int main(void) {
    on_thread(body);
    return 0;
}
