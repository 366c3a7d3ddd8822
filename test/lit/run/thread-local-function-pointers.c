/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Function pointers in thread-local variables: each thread calls its own, keeps it across a switch to threads that change theirs,
 * and hidden and protected functions are as good a target as any.
 *
 * RUN: %run-matrix %s %t | FileCheck %s
 */
#include "Inputs/on-thread.h"
#include <sched.h>

#define THREADS 50

KEEP static int ordinary(int x) { return x + 1; }
__attribute__((visibility("hidden"), noinline)) int hidden(int x) { return x + 2; }
__attribute__((visibility("protected"), noinline)) int protected_function(int x) { return x + 3; }

static _Thread_local int (*chosen)(int) = ordinary;
static _Thread_local struct {
    int (*each[3])(int);
} table = {{ordinary, hidden, protected_function}};

static int (*const choices[])(int) = {ordinary, hidden, protected_function};

KEEP static int descend(int left, int which) {
    volatile char room[120];
    room[0] = 0;
    if (left == 0) {
        sched_yield();
        return chosen(OPAQUE(which)) + table.each[OPAQUE(which)](10) + room[0];
    }
    return descend(left - 1, which) + room[0];
}

static void *run(void *arg) {
    int which = (int)(long)arg % 3, wrong = chosen != ordinary;
    chosen = choices[which];
    for (int i = 0; i < 100; i++)
        wrong += descend(OPAQUE(60), which) != which + 1 + which + 10 + which + 1;
    table.each[which] = NULL;
    return (void *)(long)wrong;
}

int main(void) {
    pthread_t threads[THREADS];
    long wrong = 0;
    for (long i = 0; i < THREADS; i++)
        if (pthread_create(&threads[i], NULL, run, (void *)i))
            return 1;
    for (int i = 0; i < THREADS; i++) {
        void *result;
        pthread_join(threads[i], &result);
        wrong += (long)result;
    }
    printf("%ld wrong; main's own: %d\n", wrong, chosen(0));
    // CHECK: 0 wrong; main's own: 1
    return 0;
}
