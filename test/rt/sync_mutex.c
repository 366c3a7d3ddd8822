/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Mutexes: what each type answers, deadlines, the static initialisers, mutual exclusion among a thousand threads that give way
 * and sleep inside the critical section, and the bound on how long a waiter can lose to a thread that locks in a loop.
 */
#include <sched.h>

#include "sync_check.h"

static pthread_mutex_t m;

static void *try_lock(void *arg) {
    (void)arg;
    int error = pthread_mutex_trylock(&m);
    if (error == 0) pthread_mutex_unlock(&m);
    return (void *)(intptr_t)error;
}

static void *unlock(void *arg) {
    (void)arg;
    return (void *)(intptr_t)pthread_mutex_unlock(&m);
}

static int in_thread(void *(*f)(void *)) { return (int)(intptr_t)check_join(check_spawn(f, NULL)); }

static void init(int type) {
    pthread_mutexattr_t a;
    CHECK_INT(pthread_mutexattr_init(&a), 0);
    CHECK_INT(pthread_mutexattr_settype(&a, type), 0);
    CHECK_INT(pthread_mutex_init(&m, &a), 0);
    CHECK_INT(pthread_mutexattr_destroy(&a), 0);
}

static void test_types(void) {
    struct timespec soon;
    init(PTHREAD_MUTEX_NORMAL);
    CHECK_INT(pthread_mutex_lock(&m), 0);
    CHECK_INT(pthread_mutex_trylock(&m), EBUSY);
    CHECK_INT(in_thread(try_lock), EBUSY);
    CHECK_INT(pthread_mutex_destroy(&m), EBUSY);
    soon = check_in(CLOCK_REALTIME, 20);
    CHECK_INT(pthread_mutex_timedlock(&m, &soon), ETIMEDOUT); /* a normal mutex waits for itself */
    CHECK_INT(pthread_mutex_unlock(&m), 0);
    CHECK_INT(in_thread(try_lock), 0);
    CHECK_INT(pthread_mutex_destroy(&m), 0);
    CHECK_INT(pthread_mutex_lock(&m), EINVAL);

    init(PTHREAD_MUTEX_RECURSIVE);
    for (int i = 0; i < 5; i++) CHECK_INT(i % 2 ? pthread_mutex_lock(&m) : pthread_mutex_trylock(&m), 0);
    CHECK_INT(in_thread(unlock), EPERM);
    for (int i = 0; i < 5; i++) {
        CHECK_INT(in_thread(try_lock), EBUSY);
        CHECK_INT(pthread_mutex_unlock(&m), 0);
    }
    CHECK_INT(in_thread(try_lock), 0);
    CHECK_INT(pthread_mutex_unlock(&m), EPERM);
    CHECK_INT(pthread_mutex_destroy(&m), 0);

    init(PTHREAD_MUTEX_ERRORCHECK);
    CHECK_INT(pthread_mutex_unlock(&m), EPERM);
    CHECK_INT(pthread_mutex_lock(&m), 0);
    CHECK_INT(pthread_mutex_lock(&m), EDEADLK);
    CHECK_INT(pthread_mutex_trylock(&m), EBUSY);
    soon = check_in(CLOCK_REALTIME, 1000);
    CHECK_INT(pthread_mutex_timedlock(&m, &soon), EDEADLK);
    CHECK_INT(in_thread(unlock), EPERM);
    CHECK_INT(pthread_mutex_unlock(&m), 0);
    CHECK_INT(pthread_mutex_unlock(&m), EPERM);
    CHECK_INT(pthread_mutex_destroy(&m), 0);
}

static void test_static(void) {
    static pthread_mutex_t normal = PTHREAD_MUTEX_INITIALIZER, recursive = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP,
                           check = PTHREAD_ERRORCHECK_MUTEX_INITIALIZER_NP, adaptive = PTHREAD_ADAPTIVE_MUTEX_INITIALIZER_NP;
    CHECK_INT(pthread_mutex_lock(&normal), 0);
    CHECK_INT(pthread_mutex_trylock(&normal), EBUSY);
    CHECK_INT(pthread_mutex_lock(&recursive), 0);
    CHECK_INT(pthread_mutex_lock(&recursive), 0);
    CHECK_INT(pthread_mutex_lock(&check), 0);
    CHECK_INT(pthread_mutex_lock(&check), EDEADLK);
    CHECK_INT(pthread_mutex_lock(&adaptive), 0);
    CHECK_INT(pthread_mutex_trylock(&adaptive), EBUSY);
    CHECK_INT(pthread_mutex_unlock(&normal), 0);
    CHECK_INT(pthread_mutex_unlock(&recursive), 0);
    CHECK_INT(pthread_mutex_unlock(&recursive), 0);
    CHECK_INT(pthread_mutex_unlock(&recursive), EPERM);
    CHECK_INT(pthread_mutex_unlock(&check), 0);
    CHECK_INT(pthread_mutex_unlock(&adaptive), 0);
}

static volatile int release;

static void *hold(void *arg) {
    CHECK_INT(pthread_mutex_lock(&m), 0);
    while (!release) usleep(1000);
    CHECK_INT(pthread_mutex_unlock(&m), 0);
    return NULL;
}

static void test_deadlines(void) {
    init(PTHREAD_MUTEX_NORMAL);
    pthread_t t = check_spawn(hold, NULL);
    sched_yield();
    struct timespec when = check_in(CLOCK_REALTIME, -10);
    CHECK_INT(pthread_mutex_timedlock(&m, &when), ETIMEDOUT);
    double start = check_ms();
    when = check_in(CLOCK_REALTIME, 50);
    CHECK_INT(pthread_mutex_timedlock(&m, &when), ETIMEDOUT);
    when = check_in(CLOCK_MONOTONIC, 50);
    CHECK_INT(pthread_mutex_clocklock(&m, CLOCK_MONOTONIC, &when), ETIMEDOUT);
    double waited = check_ms() - start;
    CHECK(waited >= 99);
    when.tv_nsec = 1000000000;
    CHECK_INT(pthread_mutex_clocklock(&m, CLOCK_MONOTONIC, &when), EINVAL);
    when.tv_nsec = 0;
    CHECK_INT(pthread_mutex_clocklock(&m, CLOCK_PROCESS_CPUTIME_ID, &when), EINVAL);
    when = check_in(CLOCK_MONOTONIC, 100000);
    release = 1;
    CHECK_INT(pthread_mutex_clocklock(&m, CLOCK_MONOTONIC, &when), 0);
    CHECK_INT(pthread_mutex_unlock(&m), 0);
    check_join(t);
    when.tv_nsec = -1;
    CHECK_INT(pthread_mutex_timedlock(&m, &when), 0); /* free: the time is not looked at */
    CHECK_INT(pthread_mutex_unlock(&m), 0);
    CHECK_INT(pthread_mutex_destroy(&m), 0);
}

#define THREADS 1000
#define TURNS 50
static pthread_mutex_t many[4] = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP,
                                   PTHREAD_ERRORCHECK_MUTEX_INITIALIZER_NP, PTHREAD_ADAPTIVE_MUTEX_INITIALIZER_NP };
static long counts[4], inside[4], timeouts;

static void *contend(void *arg) {
    (void)arg;
    for (int i = 0; i < TURNS; i++) {
        int k = (int)(check_random() % 4);
        for (;;) {
            struct timespec when = check_in(CLOCK_MONOTONIC, (long)(check_random() % 3));
            int error = check_random() % 4 ? pthread_mutex_lock(&many[k])
                                           : pthread_mutex_clocklock(&many[k], CLOCK_MONOTONIC, &when);
            if (error == 0) break;
            CHECK_INT(error, ETIMEDOUT);
            timeouts++;
        }
        CHECK_INT(inside[k]++, 0);
        long seen = counts[k];
        switch (check_random() % 8) {
        case 0:
            usleep((useconds_t)(check_random() % 50));
            break;
        case 1:
        case 2:
            sched_yield();
            break;
        }
        counts[k] = seen + 1;
        CHECK_INT(--inside[k], 0);
        CHECK_INT(pthread_mutex_unlock(&many[k]), 0);
    }
    return NULL;
}

static void test_exclusion(void) {
    static pthread_t t[THREADS];
    for (int i = 0; i < THREADS; i++) t[i] = check_spawn(contend, NULL);
    for (int i = 0; i < THREADS; i++) check_join(t[i]);
    CHECK_INT(counts[0] + counts[1] + counts[2] + counts[3], THREADS * TURNS);
    CHECK(timeouts > 0);
    for (int k = 0; k < 4; k++) CHECK_INT(pthread_mutex_destroy(&many[k]), 0);
}

static volatile int got_it;

static void *want(void *arg) {
    (void)arg;
    CHECK_INT(pthread_mutex_lock(&m), 0);
    got_it = 1;
    CHECK_INT(pthread_mutex_unlock(&m), 0);
    return NULL;
}

/* The holder gives way only while it holds the mutex: a waiter that was never handed it would wait for ever. */
static void test_no_starvation(void) {
    init(PTHREAD_MUTEX_NORMAL);
    CHECK_INT(pthread_mutex_lock(&m), 0);
    pthread_t t = check_spawn(want, NULL);
    sched_yield();
    int turns = 0;
    while (!got_it) {
        CHECK_INT(pthread_mutex_unlock(&m), 0);
        CHECK_INT(pthread_mutex_lock(&m), 0);
        sched_yield();
        CHECK(++turns < 100);
    }
    CHECK_INT(pthread_mutex_unlock(&m), 0);
    check_join(t);
}

static void test_ceiling(void) {
    pthread_mutexattr_t a;
    int ceiling, old;
    init(PTHREAD_MUTEX_NORMAL);
    CHECK_INT(pthread_mutex_getprioceiling(&m, &ceiling), EINVAL);
    CHECK_INT(pthread_mutexattr_init(&a), 0);
    CHECK_INT(pthread_mutexattr_setprotocol(&a, PTHREAD_PRIO_PROTECT), 0);
    CHECK_INT(pthread_mutexattr_setprioceiling(&a, 7), 0);
    CHECK_INT(pthread_mutex_init(&m, &a), 0);
    CHECK_INT(pthread_mutex_getprioceiling(&m, &ceiling), 0);
    CHECK_INT(ceiling, 7);
    CHECK_INT(pthread_mutex_setprioceiling(&m, 9, &old), 0);
    CHECK_INT(old, 7);
    CHECK_INT(pthread_mutex_setprioceiling(&m, 1000, &old), EINVAL);
    CHECK_INT(pthread_mutex_getprioceiling(&m, &ceiling), 0);
    CHECK_INT(ceiling, 9);
    CHECK_INT(pthread_mutex_lock(&m), 0);
    CHECK_INT(in_thread(try_lock), EBUSY);
    CHECK_INT(pthread_mutex_unlock(&m), 0);
}

int main(int argc, char **argv) {
    check_start(argc, argv, 60);
    test_types();
    test_static();
    test_deadlines();
    test_exclusion();
    test_no_starvation();
    test_ceiling();
    return 0;
}
