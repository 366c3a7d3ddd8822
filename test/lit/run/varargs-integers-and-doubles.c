/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Variable arguments beyond the registers (six integers, eight doubles) through a call that links a chunk: those on the
 * stack have to be found there, al has to count the vector registers.
 *
 * RUN: %run-matrix %s %t | FileCheck %s
 */
#include "Inputs/on-thread.h"
#include <stdarg.h>

/* format: i int, l long, d double, L long double, r recurse and add the same again one level down */
static KEEP double total(int depth, const char *format, ...) {
    volatile char room[200];
    room[0] = 1;
    double sum = 0;
    va_list list;
    va_start(list, format);
    for (const char *f = format; *f; f++) {
        if (*f == 'i')
            sum += va_arg(list, int);
        else if (*f == 'l')
            sum += (double)va_arg(list, long);
        else if (*f == 'd')
            sum += va_arg(list, double);
        else if (*f == 'L')
            sum += (double)va_arg(list, long double);
    }
    va_end(list);
    if (depth > 0)
        sum += total(depth - 1, "iiiiiiiidddddddddddlL", 1, 2, 3, 4, 5, 6, 7, 8, .5, 1.5, 2.5, 3.5, 4.5, 5.5, 6.5, 7.5, 8.5, 9.5, 10.5,
                     1L << 40, 0.25L);
    return sum * room[0];
}

static void body(void) {
    printf("%.2f\n", total(0, "ii", 1, 2));
    // CHECK: 3.00
    printf("%.2f\n", total(1, "d", 0.5));
    // CHECK-NEXT: 1099511627873.25
    double deep = total(OPAQUE(2000), ""), one = 36 + 60.5 + 1099511627776.0 + 0.25;
    printf("%.2f\n", deep / one);
    // CHECK-NEXT: 2000.00
}

int main(void) {
    on_thread(body);
    return 0;
}
