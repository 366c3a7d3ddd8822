/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * valgrind's translation of bt, bts, btr and btc between registers stores a register at rsp - 288, 256 bytes below the deepest
 * stack that a chunk promises: once in the header of the chunk that lies there. Recursion with bit tests in leaves of many
 * frame sizes, so that each field of a header was hit.
 *
 * RUN: %run-matrix %s %t | FileCheck %s
 * RUN: %capcc -O2 -fcapriccio-max-path=256 %s -o %t.small && %run-modes valgrind -q --tool=none %t.small | FileCheck %s
 */
#include "Inputs/on-thread.h"

/* How many bits of `set` are set: 64 bit tests, with `BYTES` more on the stack than the caller has. */
#define LEAF(BYTES)                                                                                                                \
    static KEEP int leaf_##BYTES(unsigned long set) {                                                                              \
        char room[BYTES];                                                                                                          \
        int count = 0;                                                                                                             \
        __asm__ volatile("" : : "r"(room) : "memory");                                                                             \
        for (unsigned long i = 0; i < 64; i++) {                                                                                   \
            char is_set;                                                                                                           \
            __asm__ volatile("btq %2, %1\n\tsetc %0" : "=q"(is_set) : "r"(set), "r"(i) : "cc");                                    \
            count += is_set;                                                                                                       \
        }                                                                                                                          \
        return count;                                                                                                              \
    }
LEAF(16) LEAF(32) LEAF(48) LEAF(64) LEAF(80) LEAF(96) LEAF(112) LEAF(128)

static KEEP int descend(int left, unsigned long set) {
    int count = leaf_16(set) + leaf_32(set) + leaf_48(set) + leaf_64(set) + leaf_80(set) + leaf_96(set) + leaf_112(set) + leaf_128(set);
    int below = left == 0 ? 0 : descend(left - 1, set);
    return below + (count == 176);
}

static void body(void) {
    printf("%d\n", descend(OPAQUE(999), 0x2a5a002a5a002a5aul | 1ul << 63));
    // CHECK: 1000
}

int main(void) {
    on_thread(body);
    return 0;
}
