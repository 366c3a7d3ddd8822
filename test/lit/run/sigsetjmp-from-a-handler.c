/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * siglongjmp out of a signal handler, which ran on an alternate stack, back to the thread; the mask comes back with it, so
 * that the next signal is delivered again.
 *
 * RUN: %run-matrix %s %t | FileCheck %s
 */
#include "Inputs/on-thread.h"
#include <setjmp.h>
#include <signal.h>

static sigjmp_buf target;

static void handler(int number) { siglongjmp(target, number); }

static KEEP int descend(int left) {
    volatile char room[100];
    room[0] = 0;
    if (left == 0) {
        raise(SIGUSR1);
        return 1000000;
    }
    return descend(left - 1) + room[0];
}

static void body(void) {
    volatile int caught = 0;
    for (volatile int i = 0; i < 200; i++)
        if (sigsetjmp(target, 1) == 0)
            descend(500);
        else
            caught++;
    printf("caught %d\n", caught);
    // CHECK: caught 200
}

int main(void) {
    signal(SIGUSR1, handler);
    on_thread(body);
    return 0;
}
