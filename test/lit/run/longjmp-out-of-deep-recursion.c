/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * longjmp over many chunks, to a frame in the first: what lies between must be given back (the two thousandth
 * round finds memory as the first did), and the landing frame's limit has to hold again, which a second recursion shows.
 *
 * RUN: %run-matrix %s %t | FileCheck %s
 */
#include "Inputs/on-thread.h"
#include <setjmp.h>
#include <sys/resource.h>

static KEEP int descend(jmp_buf *target, int left) {
    volatile char room[200];
    room[0] = 1;
    if (left == 0)
        longjmp(*target, 42);
    return descend(target, left - 1) + room[0];
}

static KEEP int plain(int left) {
    volatile char room[100];
    room[0] = 1;
    return left == 0 ? 0 : plain(left - 1) + room[0];
}

static KEEP int round_of(int frames) {
    jmp_buf target;
    volatile int before = frames;
    int value = setjmp(target);
    if (value == 0)
        descend(&target, frames);
    return value + plain(frames) - before;
}

static void body(void) {
    printf("%d\n", round_of(OPAQUE(100000)));
    // CHECK: 42
    int wrong = 0;
    for (int i = 0; i < 2000; i++)
        wrong += round_of(OPAQUE(500)) != 42;
    printf("wrong %d\n", wrong);
    // CHECK-NEXT: wrong 0
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    puts(usage.ru_maxrss < 700 * 1024 ? "bounded" : "leaks");
    // CHECK-NEXT: bounded
}

int main(void) {
    on_thread(body);
    return 0;
}
