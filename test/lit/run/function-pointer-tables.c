/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Addresses of functions are data: compared, kept in constant tables, cast to another type and back, passed to libc, and
 * one address for one function, wherever it was taken.
 *
 * RUN: %run-matrix %s %t | FileCheck %s
 */
#include "Inputs/on-thread.h"
#include <stdint.h>

static int add(int a, int b) { return a + b; }
static int subtract(int a, int b) { return a - b; }
static int multiply(int a, int b) { return a * b; }
static int power(int a, int b) { return b == 0 ? 1 : a * power(a, b - 1); }

typedef int operation(int, int);
static operation *const table[] = {add, subtract, multiply, power};
static const struct { const char *name; operation *run; } named[] = {{"power", power}, {"add", add}, {"nothing", NULL}};

KEEP operation *choose(int i) { return i == 0 ? add : i == 1 ? subtract : i == 2 ? multiply : power; }

static void body(void) {
    int same = 1, sum = 0;
    for (int i = 0; i < 4; i++) {
        same &= table[i] == choose(OPAQUE(i));
        sum += table[OPAQUE(i)](7, 3);
    }
    printf("%d %d\n", same, sum);
    // CHECK: 1 378
    same = named[0].run == table[3] && named[1].run == add && !named[2].run && (uintptr_t)power != (uintptr_t)add;
    void (*generic)(void) = (void (*)(void))choose(OPAQUE(3));
    printf("%d %d\n", same, ((operation *)generic)(2, 10));
    // CHECK-NEXT: 1 1024
    size_t (*of_libc)(const char *) = OPAQUE(&strlen);
    int (*print)(const char *, ...) = OPAQUE(&printf);
    print("%zu\n", of_libc("twelve chars"));
    // CHECK-NEXT: 12
    void *(*allocate)(size_t) = OPAQUE(&malloc);
    void (*release)(void *) = OPAQUE(&free);
    char *room = allocate(100);
    strcpy(room, "allocated");
    puts(room);
    release(room);
    // CHECK-NEXT: allocated
}

int main(void) {
    on_thread(body);
    return 0;
}
