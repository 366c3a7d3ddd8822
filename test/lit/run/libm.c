/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Calls of libm with arguments and results in vector and x87 registers, in a recursion.
 *
 * RUN: %run-matrix %s %t -lm | FileCheck %s
 */
#include "Inputs/on-thread.h"
#include <complex.h>
#include <math.h>

static KEEP double descend(int left, double x) {
    double y = sin(x) * sin(x) + cos(x) * cos(x) + pow(x, 0.0) + fmod(7.5, 2.0) + ldexp(0.5, 3);
    int exponent;
    double part = frexp(8.0, &exponent) + (double)exponent + cabs(3 + 4 * I) + (double)sqrtl(16.0L) + sqrtf(9.0f) + fma(2, 3, x - x);
    return left == 0 ? y + part : descend(left - 1, x + 0.1) + y + part;
}

static void body(void) {
    printf("%.6f\n", descend(OPAQUE(1999), 0.1)); /* (7.5 + 22.5) * 2000 */
    // CHECK: 60000.000000
    printf("%.10f %.10f %.10f\n", exp(OPAQUE(1.0)), log(OPAQUE(10.0)), tgamma(OPAQUE(5.0)));
    // CHECK-NEXT: 2.7182818285 2.3025850930 24.0000000000
}

int main(void) {
    on_thread(body);
    return 0;
}
