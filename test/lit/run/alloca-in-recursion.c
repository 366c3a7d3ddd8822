/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Blocks of growing size at each level of a recursion stay whole while deeper levels take and give back theirs.
 *
 * RUN: %run-matrix %s %t | FileCheck %s
 */
#include "Inputs/on-thread.h"
#include <alloca.h>

static KEEP int level(int depth, const unsigned char *above, size_t above_size) {
    size_t size = 1 + (size_t)depth * 37 % 3000;
    unsigned char *room = alloca(size);
    memset(room, depth & 255, size);
    int ok = depth == 0 ? 1 : level(depth - 1, room, size);
    if (depth % 50 == 1) /* a second walk down from here, after the first has come back */
        ok &= depth == 1 ? 1 : level(depth / 50, room, size);
    for (size_t i = 0; i < size; i++)
        ok &= room[i] == (depth & 255);
    return ok & (above[0] == above[above_size - 1]);
}

static void body(void) {
    unsigned char top[2] = {5, 5};
    puts(level(OPAQUE(3000), top, 2) ? "whole" : "spoilt");
    // CHECK: whole
}

int main(void) {
    on_thread(body);
    return 0;
}
