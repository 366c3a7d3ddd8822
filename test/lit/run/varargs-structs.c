/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Structs as variable arguments: in integer registers, in vector registers, split, and in memory.
 *
 * RUN: %run-matrix %s %t | FileCheck %s
 */
#include "Inputs/on-thread.h"
#include <stdarg.h>

struct two_longs { long a, b; };
struct two_doubles { double a, b; };
struct long_double_pair { long a; double b; };
struct big { long a[9]; };
struct tiny { char a[3]; };

static KEEP double add(int depth, int count, ...) {
    va_list list;
    va_start(list, count);
    double sum = 0;
    for (int i = 0; i < count; i++) {
        struct two_longs l = va_arg(list, struct two_longs);
        struct two_doubles d = va_arg(list, struct two_doubles);
        struct long_double_pair p = va_arg(list, struct long_double_pair);
        struct big b = va_arg(list, struct big);
        struct tiny t = va_arg(list, struct tiny);
        sum += (double)(l.a * 2 + l.b) + d.a * 3 + d.b + (double)p.a * 5 + p.b + (double)(b.a[0] + b.a[8]) + t.a[0] + t.a[2];
    }
    va_end(list);
    if (depth == 0)
        return sum;
    struct big b = {{depth, 0, 0, 0, 0, 0, 0, 0, 1}};
    struct tiny t = {{1, 2, 3}};
    return sum + add(depth - 1, 2, (struct two_longs){1, 2}, (struct two_doubles){.5, .25}, (struct long_double_pair){7, .125}, b, t,
                     (struct two_longs){10, 20}, (struct two_doubles){5, 2.5}, (struct long_double_pair){70, 1.25}, b, t);
}

static void body(void) {
    /* one level: 4 + 1.75 + 35.125 + d+1 + 4 + 40 + 17.5 + 351.25 + d+1 + 4 = 459.625 + 2d */
    printf("%.3f\n", add(1, 0));
    // CHECK: 461.625
    printf("%.3f\n", add(OPAQUE(1000), 0) - 459.625 * 1000);
    // CHECK-NEXT: 1001000.000
}

int main(void) {
    on_thread(body);
    return 0;
}
