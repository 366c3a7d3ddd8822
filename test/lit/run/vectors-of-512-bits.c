/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * 512-bit vectors as arguments, results and locals of a recursion, in registers and, past the eighth, in 64-aligned stack slots:
 * linking a chunk keeps the upper halves. Where the CPU has no AVX-512, the answer is computed without.
 *
 * RUN: %run-matrix %s %t | FileCheck %s
 */
#include "Inputs/on-thread.h"

typedef long v8 __attribute__((vector_size(64)));

__attribute__((target("avx512f"))) static KEEP v8 turn(v8 a, v8 b, v8 c, v8 d, v8 e, v8 f, v8 g, v8 h, v8 i, int left) {
    volatile char room[100];
    room[0] = 1;
    v8 kept = a * 3 + i;
    return left == 0 ? kept : turn(i, a, b, c, d, e, f, g, h, left - 1) + kept + room[0];
}

__attribute__((target("avx512f"))) static KEEP void by_vectors(long result[8], int depth) {
    v8 v[9];
    for (int n = 0; n < 9; n++)
        v[n] = (v8){n, n * n, 1 << n, -n, 7, n ^ 5, 3 * n, n % 3};
    v8 got = turn(v[0], v[1], v[2], v[3], v[4], v[5], v[6], v[7], v[8], depth);
    for (int n = 0; n < 8; n++)
        result[n] = got[n];
}

static void by_scalars(long result[8], int depth) {
    for (int n = 0; n < 8; n++) {
        long sum = 0;
        for (int step = 0; step <= depth; step++) {
            int first = (9 * 10000 - step) % 9, last = (first + 8) % 9;
            long values[2] = {first, last}, lane[2];
            for (int k = 0; k < 2; k++) {
                long x = values[k], all[8] = {x, x * x, 1 << x, -x, 7, x ^ 5, 3 * x, x % 3};
                lane[k] = all[n];
            }
            sum += lane[0] * 3 + lane[1] + (step < depth);
        }
        result[n] = sum;
    }
}

static void body(void) {
    long vector[8], scalar[8];
    int depth = OPAQUE(5000);
    by_scalars(scalar, depth);
    if (__builtin_cpu_supports("avx512f"))
        by_vectors(vector, depth);
    else
        memcpy(vector, scalar, sizeof vector);
    puts(memcmp(vector, scalar, sizeof vector) ? "differ" : "same");
    // CHECK: same
}

int main(void) {
    on_thread(body);
    return 0;
}
