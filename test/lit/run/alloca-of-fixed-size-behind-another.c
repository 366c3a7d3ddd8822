/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * alloca of a size that the compiler knows, behind one of a size that it does not know, in straight line: without optimization both
 * stand in the function's first block.
 *
 * RUN: %run-matrix %s %t | FileCheck %s
 */
#include "Inputs/on-thread.h"
#include <alloca.h>

static KEEP int two(int n) {
    char *unknown = alloca(n);
    char *known = alloca(5000);
    memset(unknown, 1, n);
    memset(known, 2, 5000);
    return unknown[n - 1] + known[4999];
}

static KEEP int at_depth(int depth, int n) { return depth == 0 ? two(n) : at_depth(depth - 1, n) + two(n); }

static void body(void) {
    int sum = 0;
    for (int depth = 0; depth < 50; depth++)
        sum += at_depth(depth, 1 + depth * 37);
    printf("%d\n", sum);
    // CHECK: 3825
}

int main(void) {
    on_thread(body);
    return 0;
}
