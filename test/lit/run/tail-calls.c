/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Ten million calls in tail position at -O2 run in one frame, directly, mutually and through a pointer: a checkpoint in
 * front of a tail call must leave it one. (clang makes these jumps at -O2 only.)
 *
 * RUN: %capcc -O2 %s -o %t && %run-modes %t | FileCheck %s
 */
#include "Inputs/on-thread.h"
#include <sys/resource.h>

static long even(long n, long sum);
static KEEP long odd(long n, long sum) { return n == 0 ? -sum : even(n - 1, sum + 1); }
static KEEP long even(long n, long sum) { return n == 0 ? sum : odd(n - 1, sum + 2); }

typedef long state(long n, long sum);
static state red, green, blue;
static state *volatile states[] = {red, green, blue};
static long red(long n, long sum) { return n == 0 ? sum : states[n % 3](n - 1, sum + 1); }
static long green(long n, long sum) { return n == 0 ? sum : states[n % 2](n - 1, sum + 1); }
static long blue(long n, long sum) { return n == 0 ? sum : states[n % 3](n - 1, sum + 1); }

/* When every checkpoint switches, each of these jumps goes to a chunk of its own, and all return at the end: a hundredth then. */
static long jumps = 10000000;

static void body(void) {
    printf("%s\n", even(OPAQUE(jumps), 0) == jumps / 2 * 3 ? "right" : "wrong");
    // CHECK: right
    printf("%s\n", states[OPAQUE(0)](jumps, 0) == jumps ? "right" : "wrong");
    // CHECK-NEXT: right
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
