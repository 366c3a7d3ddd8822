/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Atomics too wide for an instruction are calls of libatomic, some made late in code generation.
 *
 * RUN: %run-matrix %s %t -latomic | FileCheck %s
 */
#include "Inputs/on-thread.h"
#include <stdatomic.h>

struct two {
    long a, b;
};
struct three {
    long a, b, c;
};
static _Atomic struct two two;
static _Atomic struct three three;
static _Atomic __int128 wide;
static _Atomic long double extended;

static KEEP int deep(int left) {
    char room[100];
    struct two t = two;
    room[OPAQUE(3)] = (char)t.a;
    return left == 0 ? room[3] : deep(left - 1) + room[3];
}

static void body(void) {
    two = (struct two){1, 2};
    struct two expected = two;
    int done = atomic_compare_exchange_strong(&two, &expected, ((struct two){5, 6}));
    printf("%d %ld %ld\n", done, ((struct two)two).a, ((struct two)two).b);
    // CHECK: 1 5 6
    three = (struct three){1, 2, 3};
    struct three old = atomic_exchange(&three, ((struct three){7, 8, 9}));
    printf("%ld %ld\n", old.c, ((struct three)three).b);
    // CHECK-NEXT: 3 8
    wide = 5;
    wide += (__int128)1 << 80;
    wide ^= 3;
    printf("%llx %llx\n", (long long)(wide >> 64), (long long)wide);
    // CHECK-NEXT: 10000 6
    extended = 1.5L;
    extended *= 3;
    printf("%.1Lf %d\n", extended, deep(OPAQUE(200)));
    // CHECK-NEXT: 4.5 1005
}

int main(void) {
    on_thread(body);
    return 0;
}
