/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Locals aligned to 32, 64 and 4,096 bytes in recursive functions: the frame is realigned, so its size depends on where rsp
 * was, and the measured size has to allow for the worst.
 *
 * RUN: %run-matrix %s %t | FileCheck %s
 */
#include "Inputs/on-thread.h"
#include <stdint.h>

static volatile int misaligned;

#define ALIGNED(N)                                                                                                                   \
    static KEEP int aligned##N(int depth, char *above) {                                                                             \
        _Alignas(N) char room[N + 24];                                                                                               \
        memset(room, depth, sizeof room);                                                                                            \
        misaligned += ((uintptr_t)OPAQUE((char *)room) % N) != 0;                                                                    \
        int below = depth == 0 ? 0 : aligned##N(depth - 1, room);                                                                    \
        return below + (room[0] == (char)depth && room[N + 23] == (char)depth && above[0] == (char)(depth + 1));                     \
    }

ALIGNED(32) ALIGNED(64) ALIGNED(256) ALIGNED(4096)

static void body(void) {
    char top[1] = {(char)2001};
    printf("%d\n", aligned32(OPAQUE(2000), top));
    printf("%d\n", aligned64(OPAQUE(2000), top));
    printf("%d\n", aligned256(OPAQUE(2000), top));
    printf("%d\n", aligned4096(OPAQUE(2000), top));
    printf("misaligned %d\n", misaligned);
    // CHECK: 2001
    // CHECK-NEXT: 2001
    // CHECK-NEXT: 2001
    // CHECK-NEXT: 2001
    // CHECK-NEXT: misaligned 0
}

int main(void) {
    on_thread(body);
    return 0;
}
