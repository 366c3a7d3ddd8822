/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Code generation's own calls with arguments on the stack, also where the caller's are passed on in place by a tail call.
 *
 * RUN: %run-matrix %s %t -lm -ffast-math | FileCheck %s
 */
#include "Inputs/on-thread.h"
#include <math.h>

static KEEP long double rest(long double a, long double b) { return fmodl(a, b); }
static KEEP long double both(long double a, long double b) { return fmodl(b, a) + fmal(a, b, a) + powl(b, a); }
static KEEP long double deep(int left, long double a) { return left == 0 ? rest(a, 4) : deep(left - 1, a) + both(2, 3) - sinl(0); }

static void body(void) {
    printf("%.1Lf %.1Lf\n", rest(7.5L, 2), both(2, 7));
    // CHECK: 1.5 66.0
    printf("%.1Lf\n", deep(OPAQUE(100), 6.5L));
    // CHECK-NEXT: 1802.5
}

int main(void) {
    on_thread(body);
    return 0;
}
