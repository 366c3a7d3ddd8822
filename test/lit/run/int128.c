/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * 128-bit integers: two registers, or one 16-aligned stack slot when only one register is left.
 *
 * RUN: %run-matrix %s %t | FileCheck %s
 */
#include "Inputs/on-thread.h"

typedef unsigned __int128 wide;

static KEEP wide mix(long a, wide x, long b, wide y, long c, wide z, int depth) {
    wide here = x * 3 + y * 5 + z * 7 + (wide)(a + b + c);
    return depth == 0 ? here : mix(c, y, a, z, b, here, depth - 1) ^ here;
}

static KEEP void show(const char *name, wide v) { printf("%s %016lx%016lx\n", name, (long)(v >> 64), (long)v); }

static void body(void) {
    show("one", mix(1, (wide)1 << 100, 2, 5, 3, 7, OPAQUE(0)));
    // CHECK: one 00000030000000000000000000000050
    wide a = 1, x = (wide)1 << 100, b = 2, y = 5, c = 3, z = 7, expected = 0;
    for (int depth = 800; depth >= 0; depth--) {
        wide here = x * 3 + y * 5 + z * 7 + a + b + c, t = c;
        expected ^= here;
        x = y, y = z, z = here;
        c = b, b = a, a = t;
    }
    wide deep = mix(1, (wide)1 << 100, 2, 5, 3, 7, OPAQUE(800));
    printf("%s\n", deep == expected ? "right" : "wrong");
    // CHECK-NEXT: right
}

int main(void) {
    on_thread(body);
    return 0;
}
