/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A thread cancelled while it waits deep in a recursion: cleanup handlers run innermost first, destructors of keys after them,
 * the chunks go back (thousands of such threads one after the other fit in a bounded address space), and join says so.
 *
 * RUN: %run-matrix %s %t | FileCheck %s
 */
#include "Inputs/on-thread.h"
#include <sys/resource.h>
#include <unistd.h>

static pthread_key_t key;
static int order[4], count, destroyed;
static int silent[2];

static void cleanup(void *number) { order[count++ & 3] = *(int *)number; }
static void destroy(void *value) { destroyed += *(int *)value; }

KEEP static int descend(int left) {
    volatile char room[200];
    char c;
    int number = left;
    room[0] = 1;
    if (left > 2)
        return descend(left - 1) + room[0];
    pthread_cleanup_push(cleanup, &number);
    if (left == 0)
        read(silent[0], &c, 1);
    else
        number += descend(left - 1) - number;
    pthread_cleanup_pop(0);
    return number;
}

static void *wait_deep(void *arg) {
    pthread_setspecific(key, arg);
    descend(OPAQUE(2000));
    return NULL;
}

int main(void) {
    int one = 1;
    void *result = NULL;
    if (pipe(silent) || pthread_key_create(&key, destroy))
        return 1;
    struct rusage use;
    long early = 0;
    for (int i = 0; i < 300; i++) {
        pthread_t thread;
        count = 0;
        pthread_create(&thread, NULL, wait_deep, &one);
        sched_yield();
        if (pthread_cancel(thread) || pthread_join(thread, &result) || result != PTHREAD_CANCELED || count != 3)
            return 1;
        getrusage(RUSAGE_SELF, &use);
        if (i == 30)
            early = use.ru_maxrss;
    }
    printf("%d %d %d, destroyed %d, grew by less than 8 MiB: %d\n", order[0], order[1], order[2], destroyed, use.ru_maxrss - early < 8192);
    // CHECK: 0 1 2, destroyed 300, grew by less than 8 MiB: 1
    return 0;
}
