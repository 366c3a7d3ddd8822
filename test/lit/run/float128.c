/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Arithmetic, comparisons and conversions of __float128 are calls that code generation makes on its own, in functions without
 * another call too.
 *
 * RUN: %run-matrix %s %t | FileCheck %s
 */
#include "Inputs/on-thread.h"

typedef __float128 quad;

static KEEP quad compound(int left, quad x) {
    if (left == 0)
        return x;
    return compound(left - 1, x * 1.5Q + 0.25Q) / 1.5Q - 0.125Q;
}
static KEEP int order(quad a, quad b) { return a < b ? -1 : a > b; }
static KEEP quad of_int(__int128 i) { return i; }
static KEEP __int128 to_int(quad q) { return q; }
static KEEP quad of_extended(long double d) { return d; }
static KEEP long double to_extended(quad q) { return q; }

static void body(void) {
    quad deep = compound(OPAQUE(300), 2);
    printf("%.6f\n", (double)deep);
    // CHECK: 2.125000
    printf("%d %d %d\n", order(1, 2), order(2, 1), order(1, 1));
    // CHECK-NEXT: -1 1 0
    printf("%llx\n", (long long)(to_int(of_int((__int128)5 << 90) / 4) >> 88));
    // CHECK-NEXT: 5
    printf("%.3Lf %.3f\n", to_extended(of_extended(2.75L) * -2), (double)(float)of_extended(0.5L));
    // CHECK-NEXT: -5.500 0.500
    _Complex __float128 z = 3 + 4.0iF;
    z = z * z / (1 + 1.0iF);
    printf("%.2f %.2f\n", (double)__real__ z, (double)__imag__ z);
    // CHECK-NEXT: 8.50 15.50
}

int main(void) {
    on_thread(body);
    return 0;
}
