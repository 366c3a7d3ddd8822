/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Every thread has its own: initialised, zero, aligned, a static inside a function, an array; read again after calls that
 * switch threads, when an address taken before may have been kept.
 *
 * RUN: %run-matrix %s %t | FileCheck %s
 */
#include "Inputs/on-thread.h"
#include <errno.h>
#include <sched.h>
#include <stdint.h>

static _Thread_local int counter = 5;
static __thread long zero;
static _Thread_local _Alignas(64) char aligned[100] = "aligned";
_Thread_local int exported = 7;

static KEEP int remembered(void) {
    static _Thread_local int calls;
    return ++calls;
}

static KEEP void step(int value) {
    int *address = &counter;
    counter += value;
    zero += value;
    exported += value;
    errno = value;
    sched_yield();
    int *again = &counter;
    if (address != again || errno != value)
        zero = -1000000;
}

static void *entry(void *argument) {
    int value = (int)(intptr_t)argument;
    for (int i = 0; i < 100; i++) {
        step(value);
        if (remembered() != i + 1)
            return (void *)1;
    }
    int ok = counter == 5 + 100 * value && zero == 100 * value && exported == 7 + 100 * value;
    ok &= (uintptr_t)OPAQUE((char *)aligned) % 64 == 0 && strcmp(aligned, "aligned") == 0;
    aligned[0] = (char)value;
    return (void *)(intptr_t)!ok;
}

int main(void) {
    pthread_t threads[50];
    int wrong = 0;
    for (int i = 0; i < 50; i++)
        pthread_create(&threads[i], NULL, entry, (void *)(intptr_t)(i + 1));
    for (int i = 0; i < 50; i++) {
        void *result;
        pthread_join(threads[i], &result);
        wrong += result != NULL;
    }
    printf("wrong %d, main has %d %ld %s %d\n", wrong, counter, zero, aligned, exported);
    // CHECK: wrong 0, main has 5 0 aligned 7
    return 0;
}
