/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * printf, scanf and their family with every conversion, from deep in a recursion, and with a thousand bytes of field.
 *
 * RUN: %run-matrix %s %t | FileCheck %s
 */
#include "Inputs/on-thread.h"
#include <stddef.h>
#include <stdint.h>
#include <wchar.h>

static KEEP int show(int left) {
    volatile char room[100];
    room[0] = 1;
    if (left > 0)
        return show(left - 1) + room[0];
    int written;
    printf("%hhd %hd %d %ld %lld %jd %td %zu\n", (signed char)-1, (short)-2, -3, -4L, -5LL, (intmax_t)-6, (ptrdiff_t)-7, (size_t)8);
    // CHECK: -1 -2 -3 -4 -5 -6 -7 8
    printf("%u %o %x %X %#x %08.3d %+d|%-6d|% d\n", 1u, 8u, 255u, 255u, 255u, 5, 6, 7, 8);
    // CHECK-NEXT: {{^}}1 10 ff FF 0xff      005 +6|7     | 8
    printf("%f %e %g %a %Lf %.3Le %G\n", 1.5, 12345.678, 1e-10, 1.0, 2.5L, 1e100L, 1e20);
    // CHECK-NEXT: 1.500000 1.234568e+04 1e-10 0x1p+0 2.500000 1.000e+100 1E+20
    printf("%s|%10s|%-10s|%.2s|%c|%%|%ls|%lc%n\n", "a", "b", "c", "defg", 'h', L"wide", (wint_t)L'w', &written);
    // CHECK-NEXT: a|         b|c         |de|h|%|wide|w
    printf("%d %*d %-*d|%.*f\n", 1, 4, 2, 4, 3, 2, 3.14159);
    // CHECK-NEXT: 1    2 3   |3.14
    printf("%2$s %1$s %2$s\n", "one", "two");
    // CHECK-NEXT: two one two
    printf("%.40f\n", 0.1);
    // CHECK-NEXT: 0.1000000000000000055511151231257827021182
    int length = snprintf(NULL, 0, "%01000d|%.5000f", 1, 1e300);
    printf("%d written %d\n", length, written);
    // CHECK-NEXT: 6303 written 37
    int i;
    long l;
    double d;
    float f;
    char word[20], c;
    int read = sscanf("12 -34 5.5 6.25 word x 0x1f", "%d %ld %lf %f %19s %c", &i, &l, &d, &f, word, &c);
    printf("%d: %d %ld %g %g %s %c\n", read, i, l, d, f, word, c);
    // CHECK-NEXT: 6: 12 -34 5.5 6.25 word x
    return 0;
}

static void body(void) { printf("depth %d\n", show(OPAQUE(777))); }

int main(void) {
    on_thread(body);
    // CHECK: depth 777
    return 0;
}
