/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A weak function that nobody defines is null, a weak one that libc defines is not; an alias is its target, in recursion
 * too; a weak definition is called like any other.
 *
 * RUN: %run-matrix %s %t | FileCheck %s
 */
#include "Inputs/on-thread.h"

extern int defined_nowhere(int) __attribute__((weak));
extern size_t strnlen(const char *, size_t) __attribute__((weak));

static int by_alias(int left);
KEEP int by_name(int left) {
    volatile char room[200];
    room[0] = 1;
    return left == 0 ? 0 : by_alias(left - 1) + room[0];
}
static int by_alias(int left) __attribute__((alias("by_name")));
int exported_alias(int left) __attribute__((alias("by_name")));

__attribute__((weak)) int weak_definition(int left) { return left == 0 ? 1 : by_name(left) + weak_definition(left - 1); }

static void body(void) {
    puts(defined_nowhere ? "defined" : "null");
    // CHECK: null
    printf("%zu\n", strnlen ? strnlen("abc", 10) : 0);
    // CHECK-NEXT: 3
    printf("%d %d\n", by_name(OPAQUE(10000)), exported_alias(OPAQUE(100)));
    // CHECK-NEXT: 10000 100
    int (*pointers[2])(int) = {by_alias, exported_alias};
    printf("%d\n", pointers[OPAQUE(0)](5) + pointers[OPAQUE(1)](6));
    // CHECK-NEXT: 11
    printf("%d\n", weak_definition(OPAQUE(100)));
    // CHECK-NEXT: 5051
}

int main(void) {
    on_thread(body);
    return 0;
}
