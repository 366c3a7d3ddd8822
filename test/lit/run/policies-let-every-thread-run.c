/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Whatever decides who runs next, each thread runs: forty that yield in turn, one that is always ready, threads that block on a mutex, a
 * condition, a pipe, a sleep; and a child of fork has the thread alone that forked, under the same policy. Who sleeps while one other is
 * always ready wakes within some of his turns.
 *
 * REQUIRES: capcc
 * RUN: %capcc -O2 %s -o %t
 * RUN: env CAPRICCIO_SCHED=rr timeout 60 %t | FileCheck %s
 * RUN: env CAPRICCIO_SCHED=graph timeout 60 %t | FileCheck %s
 * RUN: env CAPRICCIO_SCHED=resource CAPRICCIO_MEMORY=1M timeout 60 %t | FileCheck %s
 * RUN: env CAPRICCIO_SCHED=random:3 timeout 60 %t | FileCheck %s
 * RUN: env CAPRICCIO_SCHED=graph CAPRICCIO_STACK=always timeout 60 %t | FileCheck %s
 * RUN: env CAPRICCIO_SCHED=fastest timeout 60 %t 2>&1 | FileCheck --check-prefix=UNKNOWN %s
 * CHECK: yields 40000, messages 2000, sleeps 20, child 0, turns late: few
 * UNKNOWN: capriccio: CAPRICCIO_SCHED=fastest: bad value, ignored; expected rr (or fifo), graph, resource or random:SEED, a number
 * UNKNOWN: yields 40000
 */
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define YIELDERS 40
static int pipes[2];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static long yields, messages, sleeps;
static volatile int stop, turn;

static void *yielder(void *arg) {
    for (int i = 0; i < 1000; i++) {
        sched_yield();
        pthread_mutex_lock(&lock);
        yields++;
        pthread_mutex_unlock(&lock);
    }
    return arg;
}
static void *always_ready(void *arg) {
    while (!stop) sched_yield();
    return arg;
}
static void *reader(void *arg) {
    char c;
    for (int i = 0; i < 1000; i++)
        if (read(pipes[0], &c, 1) == 1) messages++;
    return arg;
}
static void *writer(void *arg) {
    for (int i = 0; i < 1000; i++)
        if (write(pipes[1], "x", 1) == 1) messages++;
    return arg;
}
static void *sleeper(void *arg) {
    for (int i = 0; i < 20; i++) usleep(1000), sleeps++;
    return arg;
}
static void *partner(void *which) {
    pthread_mutex_lock(&lock);
    for (int i = 0; i < 500; i++) {
        while (turn != (which != NULL)) pthread_cond_wait(&changed, &lock);
        turn = !turn;
        pthread_cond_broadcast(&changed);
    }
    pthread_mutex_unlock(&lock);
    return NULL;
}
static void *child_of_fork(void *arg) {
    pid_t child = fork();
    if (child == 0) {
        pthread_t t;
        for (int i = 0; i < 10; i++)
            if (pthread_create(&t, NULL, sleeper, NULL) || pthread_join(t, NULL)) _exit(1);
        _exit(0);
    }
    int status = -1;
    waitpid(child, &status, 0);
    *(int *)arg = status;
    return NULL;
}

static struct timespec due;
static volatile int woken;
static void *sleeps_once(void *arg) {
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL);
    woken = 1;
    return arg;
}
static int is_due(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec > due.tv_sec || (now.tv_sec == due.tv_sec && now.tv_nsec >= due.tv_nsec);
}
/* Turns of the only one that is ready, from a deadline until who waits for it has run; the most of some. */
static long turns_late(void) {
    long most = 0;
    for (int i = 0; i < 20; i++) {
        pthread_t t;
        long turns = 0;
        woken = 0;
        clock_gettime(CLOCK_MONOTONIC, &due);
        due.tv_nsec += 2000000;
        if (due.tv_nsec >= 1000000000) due.tv_sec++, due.tv_nsec -= 1000000000;
        pthread_create(&t, NULL, sleeps_once, NULL);
        while (!woken) turns += is_due(), sched_yield();
        pthread_join(t, NULL);
        if (turns > most) most = turns;
    }
    return most;
}

int main(void) {
    pthread_t t[YIELDERS + 6], busy;
    int n = 0, status = -1;
    if (pipe(pipes)) return 1;
    pthread_create(&busy, NULL, always_ready, NULL);
    for (; n < YIELDERS; n++) pthread_create(&t[n], NULL, yielder, NULL);
    pthread_create(&t[n++], NULL, reader, NULL);
    pthread_create(&t[n++], NULL, writer, NULL);
    pthread_create(&t[n++], NULL, sleeper, NULL);
    pthread_create(&t[n++], NULL, partner, NULL);
    pthread_create(&t[n++], NULL, partner, &n);
    pthread_create(&t[n++], NULL, child_of_fork, &status);
    for (int i = 0; i < n; i++) pthread_join(t[i], NULL);
    stop = 1;
    pthread_join(busy, NULL);
    printf("yields %ld, messages %ld, sleeps %ld, child %d, turns late: %s\n", yields, messages, sleeps, status, turns_late() < 500 ? "few" : "many");
    return 0;
}
