// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A fence is a locked instruction below the stack pointer: the proof after the link counts it, and in the last bytes of a guarded
// chunk it must not fault.
//
// RUN: %run-matrix %s %t | FileCheck %s
// RUN: %run-matrix %s %t.large -mcmodel=large | FileCheck %s
// CHECK: sum 15150

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

static _Atomic int counter;

__attribute__((noinline)) static int leaf(int n) {
    atomic_thread_fence(memory_order_seq_cst);
    return n + atomic_fetch_or(&counter, 0);
}

__attribute__((noinline)) static int recurse(int n) {
    __sync_synchronize();
    if (n == 0)
        return 0;
    int below = recurse(n - 1);
    __sync_synchronize();
    return below + leaf(n);
}

static void *thread(void *result) {
    int sum = 0;
    for (int i = 0; i < 3; i++)
        sum += recurse(100);
    *(int *)result = sum;
    return NULL;
}

int main(void) {
    int sum = 0;
    pthread_t t;
    pthread_create(&t, NULL, thread, &sum);
    pthread_join(t, NULL);
    printf("sum %d\n", sum);
    return 0;
}
