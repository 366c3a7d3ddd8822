/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Vector arguments: in registers, past the eighth in 16- and 32-aligned stack slots, and 256 bits wide where the CPU has AVX.
 *
 * RUN: %run-matrix %s %t | FileCheck %s
 */
#include "Inputs/on-thread.h"

typedef float v4 __attribute__((vector_size(16)));
typedef int v8 __attribute__((vector_size(32)));

static KEEP v4 turn(v4 a, v4 b, v4 c, v4 d, v4 e, v4 f, v4 g, v4 h, v4 i, v4 j, int depth) {
    v4 room = a + j;
    return depth == 0 ? room : turn(j, a, b, c, d, e, f, g, h, i, depth - 1) + room;
}

__attribute__((target("avx2"))) static KEEP v8 wide(v8 a, v8 b, v8 c, v8 d, v8 e, v8 f, v8 g, v8 h, v8 i, int depth) {
    v8 room = a - i;
    return depth == 0 ? room : wide(i, a, b, c, d, e, f, g, h, depth - 1) + room;
}

__attribute__((target("avx2"))) static KEEP int wide_is_right(int depth) {
    v8 v[9], sum = {0}, got;
    for (int n = 0; n < 9; n++)
        v[n] = (v8){n, n * n, 1 << n, -n, 7, n ^ 5, 3 * n, n % 3};
    for (int n = 0; n <= depth; n++)
        sum += v[(9 * 1000 - n) % 9] - v[(9 * 1000 - n + 8) % 9];
    got = wide(v[0], v[1], v[2], v[3], v[4], v[5], v[6], v[7], v[8], depth);
    for (int n = 0; n < 8; n++)
        if (got[n] != sum[n])
            return 0;
    return 1;
}

static void body(void) {
    v4 v[10];
    for (int n = 0; n < 10; n++)
        v[n] = (v4){(float)n, (float)(n * n), (float)(1 << n), .5f};
    v4 sum = turn(v[0], v[1], v[2], v[3], v[4], v[5], v[6], v[7], v[8], v[9], OPAQUE(499));
    printf("%.1f %.1f %.1f %.1f\n", sum[0], sum[1], sum[2], sum[3]); /* 50 rounds of each twice: 4500 28500 102300 500 */
    // CHECK: 4500.0 28500.0 102300.0 500.0
    int right = !__builtin_cpu_supports("avx2") || wide_is_right(OPAQUE(700));
    printf("%s\n", right ? "right" : "wrong");
    // CHECK-NEXT: right
}

int main(void) {
    on_thread(body);
    return 0;
}
