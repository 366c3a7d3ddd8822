/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A by-value struct aligned to 64 bytes lies on the stack at its alignment: a copy of the stack arguments has to keep it.
 *
 * RUN: %run-matrix %s %t | FileCheck %s
 */
#include "Inputs/on-thread.h"
#include <stdint.h>

struct line { _Alignas(64) unsigned char bytes[64]; };

static volatile int misaligned;

static KEEP unsigned walk(int depth, struct line a, long one, struct line b) {
    misaligned += (uintptr_t)OPAQUE(&a) % 64 != 0;
    misaligned += (uintptr_t)OPAQUE(&b) % 64 != 0;
    if (depth == 0)
        return (unsigned)(a.bytes[0] + b.bytes[63] + one);
    struct line c = a;
    c.bytes[0]++;
    return walk(depth - 1, b, one, c) + 1;
}

static void body(void) {
    struct line a = {{1}}, b = {{100}};
    a.bytes[63] = 7;
    b.bytes[63] = 9;
    printf("%u\n", walk(OPAQUE(20), a, 3, b)); /* 11 + 9 + 3 + 20 */
    // CHECK: 43
    printf("%u\n", walk(OPAQUE(201), a, 3, b)); /* 200 + 7 + 3 + 201 */
    // CHECK-NEXT: 411
    printf("misaligned %d\n", misaligned);
    // CHECK-NEXT: misaligned 0
}

int main(void) {
    on_thread(body);
    return 0;
}
