/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Arrays of variable length at each level, passed down and sorted by the level below, with a callback in between.
 *
 * RUN: %run-matrix %s %t | FileCheck %s
 */
#include "Inputs/on-thread.h"

static int compare(const void *a, const void *b) { return *(const int *)a - *(const int *)b; }

static KEEP long level(int depth, int count, const int from[count]) {
    int mine[count + 1];
    memcpy(mine, from, sizeof *from * (size_t)count);
    mine[count] = -depth;
    qsort(mine, (size_t)count + 1, sizeof *mine, compare);
    long below = depth == 0 ? 0 : level(depth - 1, count + 1, mine);
    for (int i = 0; i < count; i++)
        if (mine[i] > mine[i + 1])
            return -1000000;
    return below + mine[0] + mine[count];
}

static void body(void) {
    int start[3] = {5, 9, 7};
    printf("%ld\n", level(OPAQUE(400), 3, start)); /* 401 levels: smallest -400, largest 9 */
    // CHECK: -156791
}

int main(void) {
    on_thread(body);
    return 0;
}
