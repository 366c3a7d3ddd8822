/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The library of the tiny project: a recursion that needs more than any one chunk.
 */
#include "walk.h"

int walk(int left) {
    volatile char room[200];
    room[0] = 1;
    return left == 0 ? 0 : walk(left - 1) + room[0];
}
