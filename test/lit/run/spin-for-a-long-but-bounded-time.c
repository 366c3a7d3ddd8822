/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Threads that look for work a million times before they wait at a mutex, and a main thread that looks at all of their counters
 * until they have done it, as redis's with --io-threads. The million rounds must not be gone through each time.
 *
 * RUN: %run-matrix %s %t | FileCheck %s
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

enum { THREADS = 3, ROUNDS = 50 };
static pthread_mutex_t mutexes[THREADS];
static atomic_ulong pending[THREADS];
static long done[THREADS];

static void *io_main(void *self) {
    long id = (long)self;
    for (;;) {
        for (int j = 0; j < 1000000; j++)
            if (atomic_load(&pending[id]) != 0) break;
        if (atomic_load(&pending[id]) == 0) {
            pthread_mutex_lock(&mutexes[id]);
            pthread_mutex_unlock(&mutexes[id]);
            continue;
        }
        done[id]++;
        atomic_store(&pending[id], 0);
        if (done[id] == ROUNDS) return NULL;
    }
}

int main(void) {
    pthread_t t[THREADS];
    long sum = 0;
    for (long i = 0; i < THREADS; i++) {
        pthread_mutex_init(&mutexes[i], NULL);
        pthread_create(&t[i], NULL, io_main, (void *)i);
    }
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < THREADS; i++) atomic_store(&pending[i], 1);
        while (1) {
            unsigned long left = 0;
            for (int i = 0; i < THREADS; i++) left += atomic_load(&pending[i]);
            if (left == 0) break;
        }
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(t[i], NULL);
        sum += done[i];
    }
    printf("%ld\n", sum);
    return 0;
}
// CHECK: 150
