/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Two names of one thread-local variable: what one thread writes by the alias it reads by the variable, and no other thread does.
 *
 * RUN: %run-matrix %s %t | FileCheck %s
 * CHECK: 3 8 3
 */
#include "Inputs/on-thread.h"
#include <stdio.h>

_Thread_local int counter = 3;
extern _Thread_local int also_counter __attribute__((alias("counter")));

static KEEP void *in_another(void *arg) {
    also_counter += *(int *)arg;
    return (void *)(long)counter;
}

static void body(void) {
    int before = also_counter;
    pthread_t thread;
    void *result;
    int five = 5;
    pthread_create(&thread, NULL, in_another, &five);
    pthread_join(thread, &result);
    printf("%d %ld %d\n", before, (long)result, counter);
}

int main(void) {
    on_thread(body);
    return 0;
}
