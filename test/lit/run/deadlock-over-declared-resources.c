/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Two threads that take two declared resources in opposite order are a deadlock that is told, with the resources' names.
 *
 * REQUIRES: capcc
 * RUN: %capcc -O2 %s -o %t -pthread
 * RUN: not --crash env CAPRICCIO_DEADLOCK=abort CAPRICCIO_WORKERS=1 timeout 60 %t 2>&1 | FileCheck %s
 * RUN: not --crash env CAPRICCIO_DEADLOCK=abort CAPRICCIO_WORKERS=3 timeout 60 %t 2>&1 | FileCheck %s
 */
#include <pthread.h>
#include <unistd.h>

#include <capriccio.h>

static int alpha, beta;

static void take_both(int first, int second) {
    capr_resource_acquire(first, 1);
    usleep(20000);
    capr_resource_acquire(second, 2);
}

static void *forwards(void *arg) {
    take_both(alpha, beta);
    return arg;
}

static void *backwards(void *arg) {
    take_both(beta, alpha);
    return arg;
}

/*
 * CHECK: capriccio: deadlock: all threads wait for one another
 * CHECK-DAG: thread {{[0-9]+}} (start backwards) waits for 2 of the resource alpha, called from
 * CHECK-DAG: thread {{[0-9]+}} (start forwards) waits for 2 of the resource beta, called from
 * CHECK: ending: CAPRICCIO_DEADLOCK=abort
 */
int main(void) {
    pthread_t one, two;
    alpha = capr_resource_create("alpha", 2);
    beta = capr_resource_create("beta", 2);
    pthread_create(&one, NULL, forwards, NULL);
    pthread_create(&two, NULL, backwards, NULL);
    pthread_join(one, NULL);
    return pthread_join(two, NULL);
}
