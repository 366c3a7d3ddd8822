/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The context word says which calls lead to a block. CAPRICCIO_GRAPH_CHECK=1 unwinds the stack at every block and compares: fifty chains
 * of direct calls, recursion, pointers, callbacks of libc and of the runtime, jumps out of deep calls, handlers, cancellation.
 *
 * REQUIRES: capcc
 * RUN: env CAPRICCIO_GRAPH_CHECK=1 %run-matrix %s %t -g | FileCheck %s
 * One worker: a thread that yields alone on its own passes nothing.
 * RUN: env CAPRICCIO_WORKERS=1 CAPRICCIO_GRAPH=%t.json %t_O2 && FileCheck --check-prefix=JSON --input-file=%t.json %s
 * RUN: FileCheck --check-prefix=DOT --input-file=%t.dot %s
 * CHECK: done
 * JSON: "format": "capriccio-graph"
 * JSON-DAG: "chain": [{"function": "work", "at": "{{[^ ]*}}-on-the-stack.c:{{[0-9]+}}"}, {"function": "chains", "at": "{{[^ ]*}}"}, {"function": "chain_17", "at": "{{[^ ]*}}"}, {"function": "leaf_2", "at": "{{[^ ]*}}"}], "call": "sched_yield"
 * JSON-DAG: {"function": "jumps", "at": "{{[^ ]*}}"}, {"function": "leap", "at": "{{[^ ]*}}", "recursive": true}, {"function": "through", "at": "{{[^ ]*}}"}, {"function": "chain_1"
 * JSON-DAG: {"function": "in_once", "at": "{{[^ ]*}}"}], "call": "sched_yield"
 * DOT: digraph
 * DOT: sched_yield
 * DOT: ->
 */
#include "Inputs/on-thread.h"
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <unistd.h>

/* Fifty ways to five leaves. */
#define LEAF(n) KEEP void leaf_##n(void) { sched_yield(); __asm__ volatile(""); }
LEAF(0) LEAF(1) LEAF(2) LEAF(3) LEAF(4)
#define CHAIN(n, l) KEEP void chain_##n(void) { leaf_##l(); __asm__ volatile(""); }
#define TEN(t) CHAIN(t##0, 0) CHAIN(t##1, 1) CHAIN(t##2, 2) CHAIN(t##3, 3) CHAIN(t##4, 4) CHAIN(t##5, 0) CHAIN(t##6, 1) CHAIN(t##7, 2) CHAIN(t##8, 3) CHAIN(t##9, 4)
TEN() TEN(1) TEN(2) TEN(3) TEN(4)
#define CALL(t) chain_##t##0(), chain_##t##1(), chain_##t##2(), chain_##t##3(), chain_##t##4(), chain_##t##5(), chain_##t##6(), chain_##t##7(), chain_##t##8(), chain_##t##9()
KEEP void chains(void) {
    CALL(), CALL(1), CALL(2), CALL(3), CALL(4);
    __asm__ volatile("");
}

KEEP void odd(int depth);
KEEP void even(int depth) {
    if (depth)
        odd(depth - 1);
    leaf_1();
    __asm__ volatile("");
}
KEEP void odd(int depth) {
    if (depth)
        even(depth - 1);
    leaf_1();
    __asm__ volatile("");
}

static void (*const table[])(void) = {leaf_0, chain_1, chains};
KEEP void through(int i) {
    table[i]();
    __asm__ volatile("");
}
/* Recursion through a pointer: a chain for each depth. */
struct step {
    void (*run)(struct step *, int);
};
KEEP void run_step(struct step *s, int depth) {
    if (depth)
        s->run(s, depth - 1);
    else
        leaf_3();
    __asm__ volatile("");
}

static int compare(const void *a, const void *b) {
    leaf_4();
    return *(const int *)a - *(const int *)b;
}
static pthread_once_t once = PTHREAD_ONCE_INIT;
static void in_once(void) {
    sched_yield();
    __asm__ volatile("");
}

static jmp_buf back;
KEEP void leap(int depth) {
    if (depth)
        leap(depth - 1);
    else
        through(1), longjmp(back, 1);
    __asm__ volatile("");
}
KEEP void jumps(void) {
    if (!setjmp(back))
        leap(5);
    leap_yield:
    sched_yield();
    leaf_0();
    (void)&&leap_yield;
}

static void handler(int number) {
    (void)number;
}
static void cleanup(void *arg) {
    (void)arg;
    leaf_2();
}
static void *cancelled(void *arg) {
    pthread_cleanup_push(cleanup, arg);
    for (;;)
        pause();
    pthread_cleanup_pop(0);
    return NULL;
}

static void *work(void *arg) {
    int numbers[] = {3, 1, 2};
    for (int i = 0; i < 20; i++) {
        chains();
        even(i % 7);
        odd(i % 4);
        through(i % 3);
        struct step s = {run_step};
        run_step(&s, i % 5);
        qsort(numbers, 3, sizeof *numbers, compare);
        pthread_once(&once, in_once);
    }
    jumps();
    return arg;
}

/* To have somebody to yield to. */
static volatile int stop;
static void *others(void *arg) {
    while (!stop)
        sched_yield();
    return arg;
}

int main(void) {
    pthread_t threads[4], victim, other;
    pthread_create(&other, NULL, others, NULL);
    signal(SIGUSR1, handler);
    for (int i = 0; i < 3; i++) {
        if (pthread_create(&threads[i], NULL, work, NULL))
            return 1;
        pthread_join(threads[i], NULL); /* jumps has one buffer */
    }
    pthread_create(&threads[3], NULL, work, NULL);
    pthread_create(&victim, NULL, cancelled, NULL);
    usleep(1000);
    pthread_kill(victim, SIGUSR1);
    usleep(1000);
    pthread_cancel(victim);
    pthread_join(victim, NULL);
    pthread_join(threads[3], NULL);
    stop = 1;
    pthread_join(other, NULL);
    puts("done");
    return 0;
}
