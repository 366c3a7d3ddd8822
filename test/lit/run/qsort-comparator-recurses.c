/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A comparator that recurses a thousand frames deep, and one that itself sorts: compiled code under libc, libc under that.
 *
 * RUN: %run-matrix %s %t | FileCheck %s
 */
#include "Inputs/on-thread.h"

static KEEP int deep(int left, int value) {
    volatile char room[120];
    room[0] = 0;
    return left == 0 ? value : deep(left - 1, value) + room[0];
}

static int compare(const void *a, const void *b) { return deep(1000, *(const int *)a) - deep(1000, *(const int *)b); }

/* Compares two rows by their smallest member, found by sorting a copy. */
static int compare_rows(const void *a, const void *b) {
    int rows[2][8];
    memcpy(rows[0], a, sizeof rows[0]);
    memcpy(rows[1], b, sizeof rows[1]);
    qsort(rows[0], 8, sizeof(int), compare);
    qsort(rows[1], 8, sizeof(int), compare);
    return rows[0][0] - rows[1][0];
}

static void body(void) {
    int numbers[500], rows[20][8], sorted = 1;
    for (int i = 0; i < 500; i++)
        numbers[i] = i * 7919 % 503;
    qsort(numbers, 500, sizeof *numbers, compare);
    for (int i = 1; i < 500; i++)
        sorted &= numbers[i - 1] <= numbers[i];
    for (int i = 0; i < 160; i++)
        rows[i / 8][i % 8] = i * 31 % 997;
    qsort(rows, 20, sizeof rows[0], compare_rows);
    for (int i = 1; i < 20; i++)
        sorted &= compare_rows(rows[i - 1], rows[i]) <= 0;
    puts(sorted ? "sorted" : "unsorted");
    // CHECK: sorted
}

int main(void) {
    on_thread(body);
    return 0;
}
