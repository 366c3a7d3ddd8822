/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Conversions of _Float16 are calls of the compiler's support library where the machine has no instruction.
 *
 * RUN: %run-matrix %s %t | FileCheck %s
 */
#include "Inputs/on-thread.h"

static volatile long double extended = 1.1L;
static volatile double twice = 7.9;

static KEEP _Float16 descend(int left, _Float16 x) { return left == 0 ? x : (_Float16)(descend(left - 1, (_Float16)(x + 0.5f)) - 0.25f); }

static void body(void) {
    printf("%.2f\n", (double)descend(OPAQUE(100), 1));
    // CHECK: 26.00
    printf("%.2f %.2f %d\n", (double)(_Float16)extended, (double)(_Float16)(__int128)OPAQUE(12), (int)(_Float16)twice);
    // CHECK-NEXT: 1.10 12.00 7
}

int main(void) {
    on_thread(body);
    return 0;
}
