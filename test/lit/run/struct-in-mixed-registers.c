/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Structs whose halves travel in different registers, returned in rax and xmm0, xmm0 and xmm1, or xmm0 and rax, together
 * with plain arguments that use up the rest, so that some go to the stack.
 *
 * RUN: %run-matrix %s %t | FileCheck %s
 */
#include "Inputs/on-thread.h"

struct id { long i; double d; };
struct di { double d; int i; };
struct dd { double a, b; };
struct fff { float a, b, c; };
struct ll { long a, b; };

static KEEP struct id turn_id(struct id v, int n, struct di w) {
    return n == 0 ? v : turn_id((struct id){v.i + w.i, v.d + w.d}, n - 1, (struct di){w.d + 1, w.i + 1});
}
static KEEP struct di turn_di(int n, struct di v) { return n == 0 ? v : turn_di(n - 1, (struct di){v.d * 1.0 + 2, v.i - 1}); }
static KEEP struct dd turn_dd(struct dd v, int n) { return n == 0 ? v : turn_dd((struct dd){v.b, v.a + 1}, n - 1); }
static KEEP struct fff turn_fff(struct fff v, int n) { return n == 0 ? v : turn_fff((struct fff){v.b, v.c, v.a + 1}, n - 1); }
static KEEP struct ll turn_ll(long a, long b, long c, long d, long e, struct ll v, int n) {
    struct ll r = n == 0 ? v : turn_ll(b, c, d, e, a, (struct ll){v.b + a, v.a}, n - 1);
    r.a += n == 0; /* after the call: not a tail call */
    return r;
}

static void body(void) {
    int n = OPAQUE(900);
    struct id a = turn_id((struct id){1, 2}, n, (struct di){.5, 3});
    printf("id %ld %.1f\n", a.i, a.d);
    // CHECK: id 407251 405002.0
    struct di b = turn_di(n, (struct di){.5, 3});
    printf("di %.1f %d\n", b.d, b.i);
    // CHECK-NEXT: di 1800.5 -897
    struct dd c = turn_dd((struct dd){.25, 100}, n);
    printf("dd %.2f %.2f\n", c.a, c.b);
    // CHECK-NEXT: dd 450.25 550.00
    struct fff d = turn_fff((struct fff){1, 2, 3}, n);
    printf("fff %.0f %.0f %.0f\n", d.a, d.b, d.c);
    // CHECK-NEXT: fff 301 302 303
    struct ll e = turn_ll(1, 2, 3, 4, 5, (struct ll){0, 1000}, n);
    printf("ll %ld %ld\n", e.a, e.b);
    // CHECK-NEXT: ll 1351 2350
}

int main(void) {
    on_thread(body);
    return 0;
}
