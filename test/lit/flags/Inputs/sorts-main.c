/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Calls C++ from a thread, with a callback that recurses. */
#include "../../run/Inputs/on-thread.h"

int sort_by(int n, int (*f)(int));
const char *global_name(void);

KEEP static int deep(int n) {
    char room[300];
    memset(room, 1, sizeof room);
    return n ? deep(n - 1) + room[OPAQUE(7)] - 1 : 1;
}
static int square(int x) { return deep(x) * x * x % 17; }
static void body(void) { printf("sorted %d %s\n", sort_by(20, square), global_name()); }

int main(void) {
    on_thread(body);
    return 0;
}
