/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A cycle of three functions: whichever edge of it gets the checkpoint, the other two have to fit.
 *
 * RUN: %run-matrix %s %t | FileCheck %s
 */
#include "Inputs/on-thread.h"

static long first(long n);
static long second(long n);
static long third(long n);

static KEEP long first(long n) {
    char room[40];
    snprintf(room, sizeof room, "%ld", n);
    return n == 0 ? 0 : second(n - 1) + (long)strlen(room);
}

static KEEP long second(long n) {
    volatile long room[50];
    room[n % 50] = n;
    return n == 0 ? 0 : third(n - 1) + (room[n % 50] == n);
}

static KEEP long third(long n) {
    volatile double room = (double)n;
    return n == 0 ? 0 : first(n - 1) * 1 + (long)(room / (double)n);
}

static void body(void) {
    /* 30,000 calls: 10,000 each; second and third add 1, first the digits of 30000, 29997, ..., 3. */
    printf("%ld\n", first(OPAQUE(30000L)));
    long digits = 0;
    for (long n = 30000; n > 0; n -= 3)
        digits += n >= 10000 ? 5 : n >= 1000 ? 4 : n >= 100 ? 3 : n >= 10 ? 2 : 1;
    printf("%ld\n", digits + 20000);
    // CHECK: [[N:[0-9]+]]
    // CHECK-NEXT: [[N]]
}

int main(void) {
    on_thread(body);
    return 0;
}
