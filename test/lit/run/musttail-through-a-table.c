/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * An interpreter whose instructions jump to each other through a table, a million times, in constant stack: points-to analysis shows that
 * the table holds functions of the program alone.
 *
 * REQUIRES: capcc
 * RUN: %run-matrix %s %t -fcapriccio-icalls=pointsto | FileCheck %s
 */
#include "Inputs/on-thread.h"
#include <sched.h>

typedef unsigned long operation(const unsigned char *code, unsigned long value, unsigned rounds);
static operation add, twice, again, stop;
static operation *const table[] = {add, twice, again, stop};

#define NEXT(code, value, rounds) __attribute__((musttail)) return table[*(code)]((code) + 1, value, rounds)

static unsigned long add(const unsigned char *code, unsigned long value, unsigned rounds) {
    NEXT(code, value + 1, rounds);
}

static unsigned long twice(const unsigned char *code, unsigned long value, unsigned rounds) {
    char buffer[1000];
    memset(buffer, (int)value, sizeof buffer);
    __asm__ volatile("" : : "r"(buffer) : "memory");
    if (rounds % 1000 == 0)
        sched_yield();
    NEXT(code, value * 2, rounds);
}

static unsigned long again(const unsigned char *code, unsigned long value, unsigned rounds) {
    if (rounds > 0)
        code -= 4;
    NEXT(code, value & 0xffff, rounds - 1);
}

static unsigned long stop(const unsigned char *code, unsigned long value, unsigned rounds) {
    (void)code, (void)rounds;
    return value;
}

static KEEP unsigned long at_depth(int depth) {
    static const unsigned char code[] = {0, 1, 0, 2, 3};
    if (depth > 0)
        return at_depth(depth - 1) + 1;
    return table[code[0]](code + 1, 1, 250000);
}

static void body(void) {
    for (int depth = 0; depth < 30; depth += 10)
        printf("%lu\n", at_depth(OPAQUE(depth)) - (unsigned long)depth);
    // CHECK: [[VALUE:[0-9]+]]
    // CHECK-NEXT: [[VALUE]]
    // CHECK-NEXT: [[VALUE]]
}

int main(void) {
    on_thread(body);
    return 0;
}
