/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * First half of the walk, with main: a recursion over two files on a thread with default attributes. Prints three lines.
 */
#include "walk.h"
#include "../../run/Inputs/on-thread.h"

KEEP struct step walk_left(int left, struct step so_far) {
    char text[100];
    snprintf(text, sizeof text, "left %d", left);
    so_far.sum += (long)strlen(text);
    so_far.weight += 0.5;
    if (left == 0)
        return so_far;
    strcpy(so_far.name, text);
    struct step below = walk_right(left - 1, so_far);
    below.sum += text[0] == 'l';
    return below;
}

static int compare(const void *a, const void *b) {
    struct step start = {0, 0, ""};
    walk_left(200, start);
    return *(const int *)a - *(const int *)b;
}

/* With foreign code in the walk each step nests one borrow: bounded by the big stack, as natively by the thread's. */
#ifdef SHORT_WALK
enum { STEPS = 1500 };
#else
enum { STEPS = 20000 };
#endif

static void body(void) {
    struct step start = {0, 0, "start"};
    struct step end = walk_left(OPAQUE(STEPS), start);
    printf("sum %ld\nweight %.1f %s\n", end.sum, end.weight, end.name);
    printf("sorted %d\n", walk_sorted(compare));
}

int main(void) {
    on_thread(body);
    return 0;
}
