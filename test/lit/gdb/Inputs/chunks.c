/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A chain of differently named functions, each with a frame that CAPRICCIO_STACK=always puts into a chunk of its own, down
 * to a comparator that libc calls: what a debugger has to walk through.
 */
#include "../../run/Inputs/on-thread.h"

static volatile int sink;

__attribute__((noinline, used)) void bottom(int value) {
    sink = value; /* the tests stop here */
}

static int compare(const void *a, const void *b) {
    bottom(*(const int *)a);
    return *(const int *)a - *(const int *)b;
}

static KEEP int sorter(int value) {
    int pair[2] = {value, 1};
    qsort(pair, 2, sizeof *pair, compare);
    return pair[0];
}

static int even_frame(int left);
static KEEP int odd_frame(int left) {
    volatile char room[600];
    room[0] = (char)left;
    int below = left == 0 ? sorter(7) : even_frame(left - 1);
    return below + room[0];
}

static KEEP int even_frame(int left) {
    volatile char room[1200];
    room[0] = (char)left;
    int below = left == 0 ? sorter(8) : odd_frame(left - 1);
    return below + room[0];
}

struct block { long x[4]; };

static KEEP int with_arguments(int a, int b, int c, int d, int e, int f, int g, struct block h) {
    return even_frame(a + b + c + d + e + f - 21 + g) + (int)h.x[0];
}

static void body(void) {
    struct block h = {{1, 2, 3, 4}};
    printf("%d\n", with_arguments(1, 2, 3, 4, 5, 6, 5, h));
}

int main(void) {
    on_thread(body);
    return 0;
}
