/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Static functions whose callers count on more registers than C's convention keeps, across chunks and a borrow.
 *
 * RUN: %run-matrix %s %t | FileCheck %s
 */
#include "Inputs/on-thread.h"

static long total;

__attribute__((preserve_most)) static KEEP void most(int depth) {
    volatile char room[300];
    room[0] = 1;
    total += room[0];
    if (depth == 0)
        puts("bottom");
    else
        most(depth - 1);
}

__attribute__((preserve_all)) static KEEP void all(int depth) {
    volatile char room[300];
    room[0] = 1;
    total += room[0];
    if (depth == 0)
        puts("bottom");
    else
        all(depth - 1);
}

static void body(void) {
    long a = OPAQUE(1), b = OPAQUE(2), c = OPAQUE(3), d = OPAQUE(4), e = OPAQUE(5), f = OPAQUE(6), g = OPAQUE(7), h = OPAQUE(8);
    double x = OPAQUE(1.5), y = OPAQUE(2.5), z = OPAQUE(3.5);
    __asm__ volatile("" : "+r"(a), "+r"(b), "+r"(c), "+r"(d), "+r"(e), "+r"(f), "+r"(g), "+r"(h), "+x"(x), "+x"(y), "+x"(z));
    most(100);
    all(100);
    printf("%ld %ld %g\n", total, a + 2 * b + 3 * c + 4 * d + 5 * e + 6 * f + 7 * g + 8 * h, x + 2 * y + 3 * z);
    // CHECK: bottom
    // CHECK-NEXT: bottom
    // CHECK-NEXT: 202 204 17
}

int main(void) {
    on_thread(body);
    return 0;
}
