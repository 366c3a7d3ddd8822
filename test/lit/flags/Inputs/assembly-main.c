/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Calls a function written in assembly, deep in a recursion, with a callback that recurses in its turn.
 */
#include "../../run/Inputs/on-thread.h"

int twice(int (*function)(int), int argument);

static int deep(int left) {
    volatile char room[100];
    room[0] = 1;
    return left == 0 ? 0 : deep(left - 1) + room[0];
}

static KEEP int descend(int left) {
    volatile char room[100];
    room[0] = 0;
    return left == 0 ? twice(deep, 10000) : descend(left - 1) + room[0];
}

static void body(void) { printf("twice %d\n", descend(OPAQUE(100))); }

int main(void) {
    on_thread(body);
    return 0;
}
