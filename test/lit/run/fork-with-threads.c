/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * fork in a program that has threads, from the main thread and from deep inside another: the child has that thread alone,
 * the others of the parent go on.
 *
 * RUN: %run-matrix %s %t | FileCheck %s
 */
#include "Inputs/on-thread.h"
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile int stop;
static volatile long turns;

static void *turner(void *unused) {
    (void)unused;
    while (!stop) {
        turns++;
        sched_yield();
    }
    return NULL;
}

static KEEP int fork_at(int left) {
    volatile char room[200];
    room[0] = 1;
    if (left > 0)
        return fork_at(left - 1) + room[0];
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        long before = turns;
        for (int i = 0; i < 100; i++)
            sched_yield();
        pthread_t own;
        stop = 1;
        int made = pthread_create(&own, NULL, turner, NULL);
        int joined = pthread_join(own, NULL);
        _exit(turns == before && made == 0 && joined == 0 ? 7 : 8);
    }
    int status;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1000000;
}

static void body(void) { printf("thread %d\n", fork_at(OPAQUE(1000))); }

int main(void) {
    pthread_t threads[10];
    for (int i = 0; i < 10; i++)
        pthread_create(&threads[i], NULL, turner, NULL);
    while (turns < 100)
        sched_yield();
    printf("main %d\n", fork_at(OPAQUE(100)));
    // CHECK: main 107
    on_thread(body);
    // CHECK-NEXT: thread 1007
    long before = turns;
    while (turns < before + 100)
        sched_yield();
    stop = 1;
    for (int i = 0; i < 10; i++)
        pthread_join(threads[i], NULL);
    puts("all joined");
    // CHECK-NEXT: all joined
    return 0;
}
