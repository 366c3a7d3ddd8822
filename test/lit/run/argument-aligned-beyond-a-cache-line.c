/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * By-value structs aligned to more than the 64 bytes that every copy of stack arguments keeps: through checkpoints, function
 * pointers, and variadic calls.
 *
 * RUN: %run-matrix %s %t | FileCheck %s
 */
#include "Inputs/on-thread.h"
#include <stdarg.h>
#include <stdint.h>

static volatile int misaligned;

#define ALIGNED(A)                                                                                                                   \
    struct s##A { _Alignas(A) int x; int y[40]; };                                                                                   \
    static KEEP int walk##A(int depth, struct s##A s, int z) {                                                                       \
        misaligned += (uintptr_t)OPAQUE(&s) % A != 0;                                                                                \
        if (depth == 0)                                                                                                              \
            return s.x + s.y[39] + z;                                                                                                \
        s.x++;                                                                                                                       \
        return walk##A(depth - 1, s, z);                                                                                             \
    }                                                                                                                                \
    static KEEP int list##A(int depth, ...) {                                                                                        \
        va_list rest;                                                                                                                \
        va_start(rest, depth);                                                                                                       \
        struct s##A s = va_arg(rest, struct s##A);                                                                                   \
        int z = va_arg(rest, int);                                                                                                   \
        va_end(rest);                                                                                                                \
        if (depth == 0)                                                                                                              \
            return s.x + s.y[39] + z;                                                                                                \
        s.x++;                                                                                                                       \
        return list##A(depth - 1, s, z);                                                                                             \
    }                                                                                                                                \
    static int (*volatile walk_pointer##A)(int, struct s##A, int) = walk##A;                                                         \
    static int (*volatile list_pointer##A)(int, ...) = list##A;                                                                      \
    static void show##A(void) {                                                                                                      \
        struct s##A s = {.x = 5};                                                                                                    \
        s.y[39] = 7;                                                                                                                 \
        printf(#A " %d %d %d %d\n", walk##A(50, s, 3), walk_pointer##A(50, s, 3), list##A(50, s, 3), list_pointer##A(50, s, 3));     \
    }

ALIGNED(64) ALIGNED(128) ALIGNED(256) ALIGNED(4096)

static void body(void) {
    show64();
    show128();
    show256();
    show4096();
    // CHECK: 64 65 65 65 65
    // CHECK-NEXT: 128 65 65 65 65
    // CHECK-NEXT: 256 65 65 65 65
    // CHECK-NEXT: 4096 65 65 65 65
    printf("misaligned %d\n", misaligned);
    // CHECK-NEXT: misaligned 0
}

int main(void) {
    on_thread(body);
    return 0;
}
