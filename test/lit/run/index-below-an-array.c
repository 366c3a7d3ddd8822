/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * SHA-1's schedule: an index that starts high makes displacements far below the array, where nothing is touched. capstack verify,
 * which each link runs, once took them for a deeper frame.
 *
 * RUN: %run-matrix %s %t | FileCheck %s
 * CHECK: bcfc9c59 76e55ac3
 */
#include <stdint.h>
#include <stdio.h>

static __attribute__((noinline)) uint32_t schedule(const uint32_t *block, uint32_t *sum)
{
    uint32_t w[80], all = 0;
    for (int i = 0; i < 16; i++)
        w[i] = block[i];
    for (int i = 16; i < 80; i++) {
        uint32_t x = w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16];
        w[i] = x << 1 | x >> 31;
    }
    for (int i = 0; i < 80; i++)
        all = (all << 5 | all >> 27) + w[i] * (uint32_t)(2 * i + 1);
    *sum = all;
    return w[79];
}

int main(void)
{
    uint32_t block[16], sum;
    for (uint32_t i = 0; i < 16; i++)
        block[i] = i * 0x9e3779b9u + 7;
    uint32_t last = schedule(block, &sum);
    printf("%x %x\n", last, sum);
    return 0;
}
