/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Twenty integers of every width and twelve floating-point numbers: fourteen stack slots to carry to a new chunk, with the
 * extension of narrow ones kept.
 *
 * RUN: %run-matrix %s %t | FileCheck %s
 */
#include "Inputs/on-thread.h"
#include <stdbool.h>

static KEEP double add(int depth, signed char a, unsigned char b, short c, unsigned short d, int e, unsigned f, long g, bool h,
                       signed char i, short j, unsigned char k, int l, unsigned long m, bool n, char *o, short p, signed char q,
                       unsigned short r, long s, float A, double B, float C, double D, double E, double F, double G, double H, float I,
                       double J, float K, double L) {
    double here = a + b * 2.0 + c * 3 + d * 5 + e * 7 + f * 11.0 + (double)g * 13 + h * 17 + i * 19 + j * 23 + k * 29 + l * 31.0 +
                  (double)m * 37 + n * 41 + o[0] * 43 + p * 47 + q * 53 + r * 59 + (double)s * 61 + A * 67 + B * 71 + C * 73 + D * 79 +
                  E * 83 + F * 89 + G * 97 + H * 101 + I * 103 + J * 107 + K * 109 + L * 113;
    if (depth == 0)
        return here;
    return here + add(depth - 1, a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, A, B, C, D, E, F, G, H, I, J, K, L);
}

static void body(void) {
    double one = add(0, -1, 255, -3, 65535, -5, 4000000000u, -7, true, -9, -10, 200, -12, 13, true, "x", -16, -17, 60000, 1L << 30, 1.5f,
                     2, 3, 4, 5, 6, 7, 8, 9.5f, 10, 11, 12.25);
    double deep = add(OPAQUE(1023), -1, 255, -3, 65535, -5, 4000000000u, -7, true, -9, -10, 200, -12, 13, true, "x", -16, -17, 60000,
                      1L << 30, 1.5f, 2, 3, 4, 5, 6, 7, 8, 9.5f, 10, 11, 12.25);
    printf("%.2f\n%.2f\n", one, deep / 1024);
    // CHECK: 109502136231.25
    // CHECK-NEXT: 109502136231.25
}

int main(void) {
    on_thread(body);
    return 0;
}
