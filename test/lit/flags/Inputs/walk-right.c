/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Second half of the walk: its frames are of another size, and it hands the first half's callback to libc.
 */
#include "walk.h"

#include <stdlib.h>
#include <string.h>

__attribute__((noinline)) struct step walk_right(int left, struct step so_far) {
    volatile char room[300];
    memset((char *)room, left, sizeof room);
    so_far.weight += 0.25;
    if (left == 0)
        return so_far;
    struct step below = walk_left(left - 1, so_far);
    below.sum += room[299] == (char)left;
    return below;
}

int walk_sorted(walk_compare *compare) {
    int numbers[50], sorted = 1;
    for (int i = 0; i < 50; i++)
        numbers[i] = i * 17 % 53;
    qsort(numbers, 50, sizeof *numbers, compare);
    for (int i = 1; i < 50; i++)
        sorted &= numbers[i - 1] < numbers[i];
    return sorted;
}
