/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * fork by threads of several workers while others run. In the child the worker that forked is the only one, then the first of several: a
 * thread that forked inside external code, and waits there, is to come back on it.
 */
#include <pthread.h>
#include <search.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "check.h"

#define THREADS 6
#define ROUNDS 8

static volatile int over;

static void compute(long us) {
    struct timespec from, now;
    clock_gettime(CLOCK_MONOTONIC, &from);
    do
        clock_gettime(CLOCK_MONOTONIC, &now);
    while ((now.tv_sec - from.tv_sec) * 1000000 + (now.tv_nsec - from.tv_nsec) / 1000 < us);
}

static void *compute_and_sleep(void *unused) {
    compute(100);
    usleep(100);
    return unused;
}

static void *disturb(void *unused) {
    while (!over) {
        compute(50);
        usleep(10);
    }
    return unused;
}

static void in_child(void) {
    alarm(10); /* a wait that never ends */
    usleep(1000);
    pthread_t thread[THREADS];
    for (int i = 0; i < THREADS; i++) CHECK_EQUAL(pthread_create(&thread[i], NULL, compute_and_sleep, NULL), 0);
    usleep(100);
    for (int i = 0; i < THREADS; i++) CHECK_EQUAL(pthread_join(thread[i], NULL), 0);
    int ends[2];
    char byte = 0;
    CHECK_EQUAL(pipe(ends), 0);
    CHECK_EQUAL(write(ends[1], "x", 1), 1);
    CHECK_EQUAL(read(ends[0], &byte, 1), 1);
    _exit(3);
}

/* Called by libc's lfind, once. */
static int fork_there(const void *key, const void *element) {
    (void)key;
    if (*(const int *)element) return 1;
    for (int i = 0; i < ROUNDS; i++) {
        pid_t child = fork();
        CHECK(child >= 0);
        if (child == 0) in_child();
        int status = 0;
        CHECK_EQUAL(waitpid(child, &status, 0), child);
        CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 3);
    }
    return 1;
}

static void *forker(void *unused) {
    for (int i = 0; i < 20; i++) { /* so that workers take it from each other */
        compute(300);
        sched_yield();
    }
    int key = 0, elements[] = {0, 1, 2};
    size_t count = 3;
    CHECK(lfind(&key, elements, &count, sizeof *elements, fork_there) == NULL);
    return unused;
}

int main(void) {
    pthread_t thread[THREADS], other[2];
    for (int i = 0; i < 2; i++) CHECK_EQUAL(pthread_create(&other[i], NULL, disturb, NULL), 0);
    for (int i = 0; i < THREADS; i++) CHECK_EQUAL(pthread_create(&thread[i], NULL, forker, NULL), 0);
    for (int i = 0; i < THREADS; i++) CHECK_EQUAL(pthread_join(thread[i], NULL), 0);
    over = 1;
    for (int i = 0; i < 2; i++) CHECK_EQUAL(pthread_join(other[i], NULL), 0);
    return 0;
}
