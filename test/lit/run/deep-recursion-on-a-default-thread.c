/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * One million live frames on a thread whose attributes nobody touched. Natively that takes a larger stack limit; linked
 * stacks have to take it as it comes.
 *
 * RUN: %run-matrix %s %t | FileCheck %s
 */
#include "Inputs/on-thread.h"

static volatile long frames = 1000000;

/* The addition after the call keeps the frame; the byte in it keeps the frame from being merged with the next. */
static KEEP long descend(long left) {
    volatile char mark = (char)left;
    if (left == 0)
        return 0;
    long below = descend(left - 1);
    return below + (mark == (char)left);
}

static void body(void) { printf("frames %ld\n", descend(frames)); }

int main(void) {
    on_thread(body);
    on_thread(body); /* again: chunks come back from where the first put them */
    // CHECK: frames 1000000
    // CHECK-NEXT: frames 1000000
    return 0;
}
