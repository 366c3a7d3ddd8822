/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Functions with 1 MiB locals: called once, in a recursion of 64, and through a pointer; the pages are really written.
 *
 * RUN: %run-matrix %s %t | FileCheck %s
 */
#include "Inputs/on-thread.h"

static KEEP long fill(unsigned char *room, size_t size, int with) {
    memset(room, with, size);
    return room[0] + room[size - 1];
}

static KEEP long huge(int left) {
    unsigned char room[1 << 20];
    long sum = fill(room, sizeof room, left);
    if (left > 0)
        sum += huge(left - 1);
    return sum + room[OPAQUE(1 << 19)] - (unsigned char)left;
}

static void body(void) {
    printf("%ld\n", huge(OPAQUE(0)));
    // CHECK: 0
    printf("%ld\n", huge(OPAQUE(63))); /* 2 * (0 + ... + 63) */
    // CHECK-NEXT: 4032
    long (*volatile pointer)(int) = huge;
    printf("%ld\n", pointer(3));
    // CHECK-NEXT: 12
}

int main(void) {
    on_thread(body);
    return 0;
}
