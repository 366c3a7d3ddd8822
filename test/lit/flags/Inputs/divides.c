/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * 128-bit division in a recursion. */
#include "../../run/Inputs/on-thread.h"

static volatile unsigned __int128 a = ((unsigned __int128)1 << 100) + 5, b = 12345678901ull << 10;

KEEP static int deep(int n) {
    char room[100];
    memset(room, n, sizeof room);
    return n ? deep(n - 1) + (int)(a / b) + room[OPAQUE(7)] - n : (int)(a % b);
}

static void body(void) { printf("%d\n", deep(OPAQUE(50))); }

int main(void) {
    on_thread(body);
    return 0;
}
