/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Functions that call each other, each reached by the same pointers: by which one a chain came in is told apart, at any depth, and where ways
 * inside differ the chain says no more than its word. CAPRICCIO_GRAPH_CHECK=1 compares each stack with the chain of its word.
 *
 * REQUIRES: capcc
 * RUN: env CAPRICCIO_GRAPH_CHECK=1 %run-matrix %s %t -g | FileCheck %s
 * RUN: env CAPRICCIO_GRAPH=%t.json %t_O2 && FileCheck --check-prefix=JSON --input-file=%t.json %s
 * CHECK: done
 * JSON-DAG: {"function": "body", "at": "{{[^ ]*}}"}, {"function": "odd", "at": "{{[^ ]*:29}}"}], "call": "usleep"
 * JSON-DAG: {"function": "body", "at": "{{[^ ]*}}"}, {"function": "even", "at": "{{[^ ]*:23}}"{{(, "recursive": true)?}}}, {"function": "odd", "at": "{{[^ ]*:29}}"}], "call": "usleep"
 * JSON-DAG: {"function": "array", "at": "{{[^ ]*}}"{{(, "recursive": true)?}}}, {"function": "value", "at": "{{[^ ]*}}"{{(, "recursive": true)?}}}, {"function": "object", "at": "{{[^ ]*}}"}], "call"
 * JSON-DAG: {"function": "parting"{{(, "recursive": true)?}}}, {"function": "..."}, {"function": "meeting", "at": "{{[^ ]*}}"}], "call": "usleep"
 */
#include "Inputs/on-thread.h"
#include <unistd.h>

#define HERE __asm__ volatile("")

KEEP void odd(int n);
KEEP void even(int n) {
    if (n)
        odd(n - 1);
    usleep(1);
    HERE;
}
KEEP void odd(int n) {
    if (!n)
        usleep(1);
    else
        even(n - 1);
    usleep(1);
    HERE;
}

/* Two that reach each other by a third alone. */
KEEP void value(int n);
KEEP void array(int n) {
    if (n > 0)
        value(n - 1);
    usleep(1);
    HERE;
}
KEEP void object(int n) {
    if (n > 0)
        value(n - 1);
    usleep(1);
    HERE;
}
KEEP void value(int n) {
    if (n > 0 && n & 2)
        array(n - 1);
    if (n > 0 && n & 1)
        object(n - 1);
    usleep(1);
    HERE;
}

/* Two ways from one to another. */
KEEP void parting(int n);
KEEP void meeting(int n) {
    if (n > 0)
        parting(n - 1);
    usleep(1);
    HERE;
}
KEEP void left(int n) {
    meeting(n);
    HERE;
}
KEEP void right(int n) {
    meeting(n);
    HERE;
}
KEEP void parting(int n) {
    if (n & 1)
        left(n / 2);
    else
        right(n / 2);
    HERE;
}

/* The last call of each: no frames stay, whatever the depth. */
KEEP void tock(int n);
KEEP void tick(int n) {
    usleep(1);
    if (n)
        tock(n - 1);
}
KEEP void tock(int n) {
    usleep(1);
    if (n)
        tick(n - 1);
}

/* Itself, by its name and by a pointer. */
KEEP void both(int n);
static void (*volatile const again)(int) = both;
KEEP void both(int n) {
    if (n > 0 && n & 1)
        both(n - 1);
    else if (n > 0)
        again(n - 1);
    if (n > 3)
        again(n - 3);
    usleep(1);
    HERE;
}

/* Reached by a pointer, and gone from the stack when the one is there that it goes on to. */
KEEP void behind(int n) {
    usleep(1);
    __asm__ volatile("" : : "r"(n));
}
KEEP void before(int n) {
    behind(n + 1);
}

static void (*volatile const table[])(int) = {both, before, even, odd, array, object, value, parting, meeting, tick, tock};
static void body(void) {
    for (unsigned i = 0; i < sizeof table / sizeof *table; i++)
        for (int n = 0; n < 8; n++)
            table[i](n);
    behind(1);
    parting(3);
    odd(2);
    even(1);
    HERE;
}

int main(void) {
    on_thread(body);
    puts("done");
    return 0;
}
