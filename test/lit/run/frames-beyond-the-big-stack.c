/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Functions that never block, with frames larger than what a big stack has to offer, or than it has left: called from a thread
 * that waits now and then, by name, by pointer, and from a callback of libc.
 *
 * RUN: %run-matrix %s %t | FileCheck %s
 */
#include "Inputs/on-thread.h"

#include <unistd.h>

enum { HUGE = 12 << 20, LARGE = 700 << 10 };

KEEP static long huge(int n) {
    volatile char room[HUGE];
    long sum = 0;
    for (long i = 0; i < HUGE; i += 4096) room[i] = (char)n;
    for (long i = 0; i < HUGE; i += 4096) sum += room[i];
    return sum;
}

KEEP static long large(int n) {
    volatile char room[LARGE];
    long sum = 0;
    for (long i = 0; i < LARGE; i += 4096) room[i] = (char)n;
    for (long i = 0; i < LARGE; i += 4096) sum += room[i];
    return sum;
}

KEEP static int waits(void) {
    int ends[2];
    char byte = 1;
    if (pipe(ends) || write(ends[1], &byte, 1) != 1 || read(ends[0], &byte, 1) != 1) exit(1);
    close(ends[0]);
    close(ends[1]);
    return byte;
}

static long compared;

/* Each level leaves less of the big stack. */
static int nested(const void *a, const void *b);
KEEP static void sort(int depth) {
    int pair[2] = {depth, depth + 1};
    qsort(pair, 2, sizeof *pair, nested);
}
static int nested(const void *a, const void *b) {
    volatile char room[50000];
    room[0] = (char)waits();
    int depth = *(const int *)a;
    compared += large(room[0]);
    if (depth > 0) sort(depth - 1);
    return depth - *(const int *)b;
}

static void body(void) {
    long (*volatile pointer)(int) = huge;
    printf("huge %ld %ld\n", huge(waits()), pointer(waits() + 1));
    sort(20);
    printf("large %ld\n", compared);
}

int main(void) {
    on_thread(body);
    body();
    return 0;
}
// CHECK: huge 3072 6144
// CHECK-NEXT: large 3675
// CHECK-NEXT: huge 3072 6144
// CHECK-NEXT: large 7350
