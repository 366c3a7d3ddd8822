/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Create, run, yield, exit, join, detach: results arrive, threads take turns in the order of their readiness, errors are those
 * of POSIX, memory of ended threads is used again.
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include "check.h"
#include "sched/sched.h"

static void *give_back(void *arg) { return arg; }

static void results(void) {
    pthread_t t[100];
    for (intptr_t i = 0; i < 100; i++) CHECK_EQUAL(pthread_create(&t[i], NULL, give_back, (void *)i), 0);
    for (intptr_t i = 99; i >= 0; i--) {
        void *result = NULL;
        CHECK_EQUAL(pthread_join(t[i], &result), 0);
        CHECK_EQUAL((intptr_t)result, i);
    }
}

static char turns[64];
static size_t turn;

static void *take_turns(void *arg) {
    for (int i = 0; i < 3; i++) {
        turns[turn++] = *(char *)arg;
        capr__yield();
    }
    return NULL;
}

static void order(void) {
    pthread_t t[3];
    for (int i = 0; i < 3; i++) CHECK_EQUAL(pthread_create(&t[i], NULL, take_turns, &"abc"[i]), 0);
    CHECK_EQUAL(turn, 0);
    for (int i = 0; i < 3; i++) CHECK_EQUAL(pthread_join(t[i], NULL), 0);
    CHECK(!strcmp(turns, "abcabcabc"));
}

static void exit_below(int depth) {
    char here[64];
    memset(here, depth, sizeof here);
    if (depth)
        exit_below(depth - 1);
    else
        pthread_exit((void *)7);
    CHECK(here[0] == depth);
}

static void *exit_deep(void *arg) {
    (void)arg;
    exit_below(10);
    return NULL;
}

static int detached_ran;

static void *count_detached(void *arg) {
    (void)arg;
    detached_ran++;
    return NULL;
}

static void *join_caller(void *arg) { return (void *)(intptr_t)pthread_join(*(pthread_t *)arg, NULL); }

static void errors(void) {
    pthread_t t, self = pthread_self();
    void *result = NULL;
    CHECK_EQUAL(pthread_join(self, NULL), EDEADLK);
    CHECK_EQUAL(pthread_create(&t, NULL, exit_deep, NULL), 0);
    CHECK_EQUAL(pthread_tryjoin_np(t, NULL), EBUSY);
    CHECK_EQUAL(pthread_join(t, &result), 0);
    CHECK_EQUAL((intptr_t)result, 7);
    CHECK_EQUAL(pthread_join(t, NULL), ESRCH);

    CHECK_EQUAL(pthread_create(&t, NULL, join_caller, &self), 0);
    CHECK_EQUAL(pthread_join(t, &result), 0);
    CHECK_EQUAL((intptr_t)result, EDEADLK);

    CHECK_EQUAL(pthread_create(&t, NULL, count_detached, NULL), 0);
    CHECK_EQUAL(pthread_detach(t), 0);
    CHECK_EQUAL(pthread_detach(t), EINVAL);
    CHECK_EQUAL(pthread_join(t, NULL), EINVAL);
    while (detached_ran < 1) capr__yield();
    pthread_attr_t attr;
    CHECK_EQUAL(pthread_attr_init(&attr), 0);
    CHECK_EQUAL(pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED), 0);
    CHECK_EQUAL(pthread_create(&t, &attr, count_detached, NULL), 0);
    CHECK_EQUAL(pthread_attr_destroy(&attr), 0);
    while (detached_ran < 2) capr__yield();
}

static void *never_until(void *arg) {
    while (!*(volatile int *)arg) capr__yield();
    return NULL;
}

static void timed_join(void) {
    int stop = 0;
    pthread_t t;
    CHECK_EQUAL(pthread_create(&t, NULL, never_until, &stop), 0);
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += 20000000;
    if (until.tv_nsec >= 1000000000) until.tv_sec++, until.tv_nsec -= 1000000000;
    uint64_t before = capr__now();
    CHECK_EQUAL(pthread_clockjoin_np(t, NULL, CLOCK_MONOTONIC, &until), ETIMEDOUT);
    CHECK(capr__now() - before >= 19000000);
    stop = 1;
    CHECK_EQUAL(pthread_join(t, NULL), 0);
}

/* A thread's memory is used again: a million threads, one after another, need no more than a few. */
static void reuse(void) {
    uint64_t before = capr__worker.chunk_bytes;
    for (int i = 0; i < 1000000; i++) {
        pthread_t t;
        CHECK_EQUAL(pthread_create(&t, NULL, give_back, NULL), 0);
        CHECK_EQUAL(pthread_join(t, NULL), 0);
    }
    CHECK(capr__worker.chunk_bytes - before <= 200000);
}

static void *keep_errno(void *arg) {
    errno = (int)(intptr_t)arg;
    for (int i = 0; i < 3; i++) {
        capr__yield();
        if (errno != (int)(intptr_t)arg) return (void *)1;
    }
    return NULL;
}

static void errno_goes_with_the_thread(void) {
    pthread_t t[10];
    for (intptr_t i = 0; i < 10; i++) CHECK_EQUAL(pthread_create(&t[i], NULL, keep_errno, (void *)(i + 1)), 0);
    for (int i = 0; i < 10; i++) {
        void *result;
        CHECK_EQUAL(pthread_join(t[i], &result), 0);
        CHECK(!result);
    }
}

int main(void) {
    results();
    order();
    errors();
    timed_join();
    reuse();
    errno_goes_with_the_thread();
    return 0;
}
