/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Handlers given to atexit and on_exit run in reverse order, after exit called from a thread, and recurse deep.
 *
 * RUN: %run-matrix %s %t | FileCheck %s
 */
#define _GNU_SOURCE
#include "Inputs/on-thread.h"

static KEEP int deep(int left) {
    volatile char room[500];
    room[0] = 1;
    return left == 0 ? 0 : deep(left - 1) + room[0];
}

static void first(void) { printf("first %d\n", deep(5000)); }
static void second(void) { printf("second %d\n", deep(2000)); }
static void third(int status, void *argument) { printf("third %d %s %d\n", status, (char *)argument, deep(10)); }

static KEEP int leave(int left) {
    volatile char room[500];
    room[0] = 1;
    if (left == 0)
        exit(0);
    return leave(left - 1) + room[0];
}

static void body(void) { leave(1000); }

int main(void) {
    atexit(first);
    atexit(second);
    on_exit(third, "argument");
    on_thread(body);
    puts("not reached");
    return 1;
    // CHECK: third 0 argument 10
    // CHECK-NEXT: second 2000
    // CHECK-NEXT: first 5000
    // CHECK-NOT: not reached
}
