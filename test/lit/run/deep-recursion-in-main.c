/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The main thread recurses too, as far as its kernel stack would let it natively: 60,000 frames of 100 bytes.
 *
 * RUN: %run-matrix %s %t | FileCheck %s
 */
#include "Inputs/on-thread.h"

static volatile int frames = 60000;

static KEEP unsigned descend(int left, unsigned hash) {
    volatile char room[64];
    room[0] = (char)hash;
    if (left == 0)
        return hash;
    unsigned below = descend(left - 1, hash * 31 + 7);
    return below ^ (unsigned char)room[0];
}

int main(void) {
    unsigned expected = 0, hash = 1;
    for (int left = frames; left > 0; left--, hash = hash * 31 + 7)
        expected ^= (unsigned char)hash;
    expected ^= hash;
    printf("%s\n", descend(frames, 1) == expected ? "right" : "wrong");
    printf("%s\n", descend(frames, 1) == expected ? "right again" : "wrong");
    // CHECK: right
    // CHECK-NEXT: right again
    return 0;
}
