/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Loops on plain memory behind a barrier of inline assembly, on what a function leaves in a local variable, and with the pause in a
 * function of its own.
 *
 * RUN: %run-matrix %s %t | FileCheck %s
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

static atomic_int flag;
static int plain;

static __attribute__((noinline)) void get(int *out) { *out = atomic_load(&flag); }
static __attribute__((noinline)) void relax(void) { __builtin_ia32_pause(); }

static void *sets(void *unused) {
    plain = 1;
    atomic_store(&flag, 1);
    return unused;
}

int main(void) {
    pthread_t t;
    int v;
    pthread_create(&t, NULL, sets, NULL);
    do get(&v);
    while (!v);
    pthread_join(t, NULL);
    printf("left\n");
    plain = 0;
    pthread_create(&t, NULL, sets, NULL);
    while (!plain) __asm__ volatile("" ::: "memory");
    pthread_join(t, NULL);
    printf("barrier\n");
    plain = 0;
    pthread_create(&t, NULL, sets, NULL);
    while (!plain) relax();
    pthread_join(t, NULL);
    printf("pause\n");
    return 0;
}
// CHECK: left
// CHECK-NEXT: barrier
// CHECK-NEXT: pause
