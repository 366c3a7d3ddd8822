/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Definitions of the old style and pointers without a prototype: calls with more arguments than the callee takes, of variadic
 * functions too, and through a pointer whose type returns something else.
 *
 * RUN: %run-matrix %s %t -std=gnu11 -Wno-deprecated-non-prototype -Wno-strict-prototypes -Wno-cast-function-type-mismatch | FileCheck %s
 */
#include "Inputs/on-thread.h"
#include <stdarg.h>

static KEEP int two(a, b) int a, b;
{
    char room[500];
    memset(room, a, sizeof room);
    return a * 10 + b + room[OPAQUE(400)] - a;
}
static KEEP int eight(a, b, c, d, e, f, g, h) int a, b, c, d, e, f, g, h;
{
    char room[600];
    memset(room, 0, sizeof room);
    return a + 2 * b + 3 * c + 4 * d + 5 * e + 6 * f + 7 * g + 8 * h + room[OPAQUE(3)];
}
static KEEP double deep(x, n) double x; int n;
{
    char room[300];
    memset(room, n, sizeof room);
    return n ? x + deep(x, n - 1) + room[OPAQUE(7)] - n : x;
}
static KEEP int variadic(int n, ...) {
    char room[700];
    memset(room, 1, sizeof room);
    va_list list;
    va_start(list, n);
    int sum = 0;
    for (int i = 0; i < n; i++)
        sum = sum * 3 + va_arg(list, int);
    va_end(list);
    return sum + room[OPAQUE(2)] - 1;
}
static KEEP void nothing(void) { puts("nothing"); }

static int (*volatile call_two)() = (int (*)())two;
static int (*volatile call_eight)() = (int (*)())eight;
static double (*volatile call_deep)() = (double (*)())deep;
static int (*volatile call_variadic)() = (int (*)())variadic;
static int (*volatile call_printf)() = (int (*)())printf;
static int (*volatile call_nothing)(void) = (int (*)(void))nothing;

static void body(void) {
    printf("%d %d %d\n", two(1, 2), call_two(3, 4), call_two(5, 6, 7, 8, 9, 10, 11, 12, 13));
    // CHECK: 12 34 56
    printf("%d %d\n", eight(1, 2, 3, 4, 5, 6, 7, 8), call_eight(8, 7, 6, 5, 4, 3, 2, 1));
    // CHECK-NEXT: 204 120
    printf("%.1f\n", call_deep(1.5, 40));
    // CHECK-NEXT: 61.5
    printf("%d %d\n", call_variadic(3, 1, 2, 3), call_variadic(9, 1, 1, 1, 1, 1, 1, 1, 1, 1));
    // CHECK-NEXT: 18 9841
    call_printf("%d %s %.1f %d %d %d %d %.1f\n", 1, "two", 3.5, 4, 5, 6, 7, 8.5);
    // CHECK-NEXT: 1 two 3.5 4 5 6 7 8.5
    call_nothing();
    // CHECK-NEXT: nothing
}

int main(void) {
    on_thread(body);
    return 0;
}
