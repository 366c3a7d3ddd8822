/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A home-made lock by __sync_lock_test_and_set, whose holders are switched away while they hold it.
 *
 * RUN: %run-matrix %s %t | FileCheck %s
 */
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <unistd.h>

enum { THREADS = 8, ROUNDS = 500 };
static int lock;
static long count;

static void *counts(void *unused) {
    for (int i = 0; i < ROUNDS; i++) {
        while (__sync_lock_test_and_set(&lock, 1)) {
        }
        long before = count;
        if (i % 3 == 0) sched_yield();
        if (i % 250 == 0) usleep(10);
        count = before + 1;
        __sync_lock_release(&lock);
    }
    return unused;
}

int main(void) {
    pthread_t t[THREADS];
    for (int i = 0; i < THREADS; i++) pthread_create(&t[i], NULL, counts, NULL);
    for (int i = 0; i < THREADS; i++) pthread_join(t[i], NULL);
    printf("%ld\n", count);
    return 0;
}
// CHECK: 4000
