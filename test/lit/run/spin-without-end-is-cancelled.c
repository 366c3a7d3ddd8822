/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A loop without an exit lets others run, and is where a thread of asynchronous cancelability ends.
 *
 * RUN: %run-matrix %s %t | FileCheck %s
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

static atomic_int started;

static void *spins(void *unused) {
    pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL);
    atomic_store(&started, 1);
    for (;;) {
    }
    return unused;
}

int main(void) {
    pthread_t t;
    void *result;
    pthread_create(&t, NULL, spins, NULL);
    while (!atomic_load(&started)) {
    }
    pthread_cancel(t);
    pthread_join(t, &result);
    printf("cancelled %d\n", result == PTHREAD_CANCELED);
    return 0;
}
// CHECK: cancelled 1
