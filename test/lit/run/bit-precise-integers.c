/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * _BitInt of 512 and 1,000 bits: by value, through recursion, multiplied and divided.
 *
 * RUN: %run-matrix %s %t | FileCheck %s
 */
#include "Inputs/on-thread.h"

typedef unsigned _BitInt(512) wide;
typedef unsigned _BitInt(1000) wider;

static KEEP wide factorial(int n) { return n < 2 ? (wide)1 : factorial(n - 1) * (wide)n; }
static KEEP wider sum(int left, wider a, wide b, int c) { return left == 0 ? a : sum(left - 1, a + b, b << 1, c) + (wider)c; }

static void body(void) {
    wide f = factorial(OPAQUE(90));
    printf("%d\n", (int)(f / factorial(89)));
    // CHECK: 90
    printf("%d\n", (int)(f % 97));
    // CHECK-NEXT: 26
    wider s = sum(OPAQUE(400), (wider)1 << 900, 1, 3);
    printf("%d %llx\n", (int)(s >> 900), (long long)(s >> 396));
    // CHECK-NEXT: 1 10
    printf("%d\n", (int)((s - ((wider)1 << 900)) / ((wider)1 << 399)));
    // CHECK-NEXT: 2
}

int main(void) {
    on_thread(body);
    return 0;
}
