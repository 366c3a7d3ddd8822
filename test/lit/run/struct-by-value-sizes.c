/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Structs of each size class go in and come back by value, at every level of a recursion: one register, two, memory, and a
 * return slot (sret) whose address lies in another chunk.
 *
 * RUN: %run-matrix %s %t | FileCheck %s
 */
#include "Inputs/on-thread.h"

#define SIZED(N)                                                                                                                     \
    struct bytes##N { unsigned char b[N]; };                                                                                         \
    static KEEP struct bytes##N turn##N(struct bytes##N in, int depth) {                                                             \
        struct bytes##N out;                                                                                                         \
        for (int i = 0; i < N; i++)                                                                                                  \
            out.b[i] = (unsigned char)(in.b[(i + 1) % N] + 1);                                                                       \
        return depth == 0 ? out : turn##N(out, depth - 1);                                                                           \
    }                                                                                                                                \
    static KEEP int right##N(int depth) {                                                                                            \
        struct bytes##N in, out;                                                                                                     \
        for (int i = 0; i < N; i++)                                                                                                  \
            in.b[i] = (unsigned char)(i * 3);                                                                                        \
        out = turn##N(in, depth);                                                                                                    \
        for (int i = 0; i < N; i++)                                                                                                  \
            if (out.b[i] != (unsigned char)(in.b[(i + depth + 1) % N] + depth + 1))                                                  \
                return 0;                                                                                                            \
        return 1;                                                                                                                    \
    }

SIZED(1) SIZED(2) SIZED(3) SIZED(4) SIZED(5) SIZED(7) SIZED(8) SIZED(9) SIZED(12) SIZED(15) SIZED(16) SIZED(17) SIZED(24) SIZED(33)
SIZED(64) SIZED(200) SIZED(1000) SIZED(5000)

#define SHOW(N) printf("%d %s\n", N, right##N(OPAQUE(500)) ? "right" : "wrong");

static void body(void) {
    SHOW(1) SHOW(2) SHOW(3) SHOW(4) SHOW(5) SHOW(7) SHOW(8) SHOW(9) SHOW(12) SHOW(15) SHOW(16) SHOW(17) SHOW(24) SHOW(33)
    SHOW(64) SHOW(200) SHOW(1000) SHOW(5000)
    // CHECK-NOT: wrong
    // CHECK: 1 right
    // CHECK-NOT: wrong
    // CHECK: 5000 right
    // CHECK-NOT: wrong
}

int main(void) {
    on_thread(body);
    return 0;
}
