/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A ticket lock whose waiters say `pause`, by the intrinsic and by inline assembly. Strictly in turn, so that each hand-over is a
 * wait for one certain thread.
 *
 * RUN: %run-matrix %s %t | FileCheck %s
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

enum { THREADS = 6, ROUNDS = 200 };
static atomic_uint next, serving, ended;
static long count;

static void *counts(void *self) {
    for (int i = 0; i < ROUNDS; i++) {
        unsigned mine = atomic_fetch_add(&next, 1);
        if (self)
            while (atomic_load(&serving) != mine) __builtin_ia32_pause();
        else
            while (atomic_load(&serving) != mine) __asm__ volatile("rep; nop" ::: "memory");
        count++;
        atomic_fetch_add(&serving, 1);
        while (atomic_load(&next) == mine + 1 && i + 1 < ROUNDS && atomic_load(&ended) < THREADS - 1) __asm__ volatile("pause");
    }
    atomic_fetch_add(&ended, 1);
    return NULL;
}

int main(void) {
    pthread_t t[THREADS];
    for (long i = 0; i < THREADS; i++) pthread_create(&t[i], NULL, counts, (void *)(i % 2));
    for (int i = 0; i < THREADS; i++) pthread_join(t[i], NULL);
    printf("%ld\n", count);
    return 0;
}
// CHECK: 1200
