/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A variable-length array dies at the end of its block, not of its function: 3,000 rounds of 1 MiB, left by the end of
 * the block, by continue, by break and by goto, must not add up.
 *
 * RUN: %run-matrix %s %t | FileCheck %s
 */
#include "Inputs/on-thread.h"
#include <sys/resource.h>

static KEEP void fill(int rows, int columns, unsigned char (*room)[columns], int with) {
    for (int i = 0; i < rows; i++)
        memset(room[i], with, (size_t)columns);
}

static KEEP long rounds(int count, int side) {
    long sum = 0;
    for (int i = 0; i < count; i++) {
        unsigned char room[side][side];
        fill(side, side, room, i);
        sum += room[side - 1][side - 1];
        if (i % 3 == 0)
            continue;
        if (i % 7 == 6)
            goto next;
        while (1) {
            unsigned char small[i % 100 + 1];
            memset(small, 1, sizeof small);
            sum += small[i % 100];
            break;
        }
        sum += room[0][0];
    next:;
    }
    return sum;
}

static void body(void) {
    long expected = 0;
    for (int i = 0; i < 3000; i++)
        expected += i % 256 + (i % 3 == 0 || i % 7 == 6 ? 0 : 1 + i % 256);
    puts(rounds(OPAQUE(3000), OPAQUE(1024)) == expected ? "right" : "wrong");
    // CHECK: right
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    puts(usage.ru_maxrss < 256 * 1024 ? "bounded" : "leaks");
    // CHECK-NEXT: bounded
}

int main(void) {
    on_thread(body);
    return 0;
}
