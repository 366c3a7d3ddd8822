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

/* Not asked when every checkpoint switches: then each of these jumps goes to a chunk of its own, and all return at the end. */
static int bounded(void) {
    const char *mode = getenv("CAPRICCIO_STACK");
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (mode && strcmp(mode, "always") == 0) || usage.ru_maxrss < 100 * 1024;
}

static void body(void) {
    printf("%ld\n", even(OPAQUE(10000000L), 0));
    // CHECK: 15000000
    printf("%ld\n", states[OPAQUE(0)](10000000L, 0));
    // CHECK-NEXT: 10000000
    puts(bounded() ? "bounded" : "grows");
    // CHECK-NEXT: bounded
}

int main(void) {
    on_thread(body);
    return 0;
}
