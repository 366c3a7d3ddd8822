/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A call marked musttail stays a jump at every level of optimisation, and no checkpoint can stand on it: a cycle of nothing
 * else, one that calls out of it on the way, and stack arguments passed on in place.
 *
 * RUN: %run-matrix %s %t | FileCheck %s
 */
#include "Inputs/on-thread.h"
#include <sys/resource.h>

#define MUSTTAIL __attribute__((musttail))

static long ping(long n, long sum);
static KEEP long pong(long n, long sum) {
    if (n == 0)
        return sum;
    MUSTTAIL return ping(n - 1, sum + 1);
}
static KEEP long ping(long n, long sum) {
    if (n == 0)
        return sum;
    MUSTTAIL return pong(n - 1, sum + 2);
}

static KEEP long deep(int left) {
    volatile char room[300];
    room[0] = 1;
    return left == 0 ? 0 : deep(left - 1) + room[0];
}

static KEEP long calls_out(long n, long sum) {
    if (n == 0)
        return sum;
    sum += deep(10);
    MUSTTAIL return calls_out(n - 1, sum);
}

static KEEP long stacked(long n, long a, long b, long c, long d, long e, long f, long g, long h) {
    if (n == 0)
        return a + 2 * b + 3 * c + 4 * d + 5 * e + 6 * f + 7 * g + 8 * h;
    MUSTTAIL return stacked(n - 1, h, a, b, c, d, e, f, g);
}

/* When every checkpoint switches, each of these jumps goes to a chunk of its own, and all return at the end: a hundredth then. */
static long jumps = 10000000;

static void body(void) {
    printf("%s\n", ping(OPAQUE(jumps), 0) == jumps / 2 * 3 ? "right" : "wrong");
    // CHECK: right
    printf("%s\n", calls_out(OPAQUE(jumps / 100), 0) == jumps / 10 ? "right" : "wrong");
    // CHECK-NEXT: right
    printf("%ld\n", stacked(OPAQUE(jumps / 10 * 8 + 1), 1, 2, 3, 4, 5, 6, 7, 8)); /* one turn: 8 1 2 ... 7 */
    // CHECK-NEXT: 176
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    puts(usage.ru_maxrss < 100 * 1024 ? "bounded" : "grows");
    // CHECK-NEXT: bounded
}

int main(void) {
    const char *mode = getenv("CAPRICCIO_STACK");
    if (mode && strcmp(mode, "always") == 0)
        jumps /= 100;
    on_thread(body);
    return 0;
}
