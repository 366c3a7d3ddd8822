/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * bool, char, short, float and nothing at all as results across chunks: the upper bits of rax are not promised, the lower
 * are; and a struct without members.
 *
 * RUN: %run-matrix %s %t | FileCheck %s
 */
#include "Inputs/on-thread.h"
#include <stdbool.h>

struct nothing {};

static int calls;
static KEEP bool flip(int n) { return n == 0 ? false : !flip(n - 1); }
static KEEP signed char down(int n) { return n == 0 ? (signed char)-1 : (signed char)(down(n - 1) - 1); }
static KEEP unsigned short up(int n) { return n == 0 ? (unsigned short)65000 : (unsigned short)(up(n - 1) + 1); }
static KEEP float half(int n) { return n == 0 ? 0.5f : half(n - 1) + 0.5f; }
static KEEP void none(int n) {
    if (n > 0)
        none(n - 1);
    calls++;
}
static KEEP struct nothing empty(struct nothing in, int n) {
    struct nothing out = n == 0 ? in : empty(in, n - 1);
    calls++;
    return out;
}

static void body(void) {
    struct nothing nothing = {};
    int n = OPAQUE(1001);
    none(n);
    empty(nothing, n);
    printf("%d %d %d %.1f %d\n", flip(n), down(n), up(n), half(n), calls);
    // CHECK: 1 22 465 501.0 2004
}

int main(void) {
    on_thread(body);
    return 0;
}
