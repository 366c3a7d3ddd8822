/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A stack whose push and pop are tried again until nobody came between: ends without others having to run, and gives the right
 * result whether it gives way or not. A lock by compare-and-exchange is one that waits.
 *
 * RUN: %run-matrix %s %t | FileCheck %s
 */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>

enum { THREADS = 4, NODES = 1000 };
struct node {
    struct node *next;
};
static struct node nodes[THREADS][NODES];
static _Atomic(struct node *) top;
static atomic_int lock;
static int locked;

static void *pushes(void *mine) {
    struct node *from = mine;
    for (int i = 0; i < NODES; i++) {
        struct node *old = atomic_load(&top);
        do from[i].next = old;
        while (!atomic_compare_exchange_weak(&top, &old, &from[i]));
        if (i % 100) continue;
        int expected = 0;
        while (!atomic_compare_exchange_weak(&lock, &expected, 1)) expected = 0;
        int before = locked;
        sched_yield();
        locked = before + 1;
        atomic_store(&lock, 0);
    }
    return NULL;
}

int main(void) {
    pthread_t t[THREADS];
    int count = 0;
    for (int i = 0; i < THREADS; i++) pthread_create(&t[i], NULL, pushes, nodes[i]);
    for (int i = 0; i < THREADS; i++) pthread_join(t[i], NULL);
    for (struct node *n = top; n; n = n->next) count++;
    printf("%d nodes, %d locked\n", count, locked);
    return 0;
}
// CHECK: 4000 nodes, 40 locked
