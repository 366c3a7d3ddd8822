/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Values that come back on the x87 stack (st0, and st1 for complex long double) or in pairs of vector registers.
 *
 * RUN: %run-matrix %s %t | FileCheck %s
 */
#include "Inputs/on-thread.h"
#include <complex.h>

static KEEP long double add_long_double(long double a, int depth, long double b) {
    return depth == 0 ? a : add_long_double(b, depth - 1, a + 0.5L) + 1;
}
static KEEP long double _Complex turn_long_double(long double _Complex z, int depth) {
    return depth == 0 ? z : turn_long_double(z * I, depth - 1) + 1;
}
static KEEP double _Complex turn_double(double _Complex z, int depth) { return depth == 0 ? z : turn_double(z * I, depth - 1) + I; }
static KEEP float _Complex turn_float(float _Complex z, int depth) { return depth == 0 ? z : turn_float(z * I, depth - 1) - I; }

static void body(void) {
    int depth = OPAQUE(1001);
    printf("%.2Lf\n", add_long_double(0x1p62L, depth, 0.25L) - 1000);
    // CHECK: 251.25
    long double _Complex z = turn_long_double(3 + 4 * I, depth);
    printf("%.1Lf %.1Lf\n", creall(z), cimagl(z));
    // CHECK-NEXT: 997.0 3.0
    double _Complex d = turn_double(3 + 4 * I, depth);
    printf("%.1f %.1f\n", creal(d), cimag(d));
    // CHECK-NEXT: -4.0 1004.0
    float _Complex f = turn_float(3 + 4 * I, depth);
    printf("%.1f %.1f\n", crealf(f), cimagf(f));
    // CHECK-NEXT: -4.0 -998.0
}

int main(void) {
    on_thread(body);
    return 0;
}
