/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A loop that waits by asking the runtime, which answers at once.
 *
 * RUN: %run-matrix %s %t | FileCheck %s
 */
#include <pthread.h>
#include <sched.h>
#include <stdio.h>

static pthread_spinlock_t lock;
static long count;

static void *counts(void *unused) {
    for (int i = 0; i < 500; i++) {
        while (pthread_spin_trylock(&lock) != 0) {
        }
        long before = count;
        sched_yield();
        count = before + 1;
        pthread_spin_unlock(&lock);
    }
    return unused;
}

int main(void) {
    pthread_t t[4];
    pthread_spin_init(&lock, PTHREAD_PROCESS_PRIVATE);
    for (int i = 0; i < 4; i++) pthread_create(&t[i], NULL, counts, NULL);
    for (int i = 0; i < 4; i++) pthread_join(t[i], NULL);
    printf("%ld\n", count);
    return 0;
}
// CHECK: 2000
