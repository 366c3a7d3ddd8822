/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Condition variables: order and number of wake-ups, deadlines by both clocks, errors, a bounded buffer between hundreds of
 * threads, and signals that race with timeouts: a signal sent while somebody waits is never lost.
 */
#include <sched.h>

#include "sync_check.h"

static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t c = PTHREAD_COND_INITIALIZER;
static int waiting, woken, open_gate;

static void *wait_once(void *arg) {
    CHECK_INT(pthread_mutex_lock(&m), 0);
    waiting++;
    CHECK_INT(pthread_cond_wait(&c, &m), 0);
    int place = woken++;
    CHECK_INT(pthread_mutex_unlock(&m), 0);
    (void)arg;
    return (void *)(intptr_t)place;
}

static void test_wake_ups(void) {
    pthread_t t[100];
    for (int i = 0; i < 100; i++) t[i] = check_spawn(wait_once, NULL);
    while (waiting < 100) sched_yield();
    CHECK_INT(pthread_cond_destroy(&c), EBUSY);
    for (int i = 0; i < 10; i++) {
        CHECK_INT(pthread_cond_signal(&c), 0);
        usleep(500);
        CHECK_INT(woken, i + 1);
    }
    CHECK_INT(pthread_mutex_lock(&m), 0);
    CHECK_INT(pthread_cond_broadcast(&c), 0);
    CHECK_INT(pthread_cond_destroy(&c), 0); /* at once: those who were woken do not touch it again */
    memset(&c, 0xff, sizeof(c));
    sched_yield();
    CHECK_INT(woken, 10); /* the mutex is ours */
    CHECK_INT(pthread_mutex_unlock(&m), 0);
    /* First come, first served; several workers may take the mutex in another order than they were woken in. */
    const char *workers = getenv("CAPRICCIO_WORKERS");
    int ordered = !workers || atoi(workers) == 1;
    intptr_t sum = 0;
    for (int i = 0; i < 100; i++) {
        intptr_t turn = (intptr_t)check_join(t[i]);
        CHECK(!ordered || turn == i);
        sum += turn;
    }
    CHECK_INT(sum, 99 * 100 / 2);
    CHECK_INT(pthread_cond_init(&c, NULL), 0);
    CHECK_INT(pthread_cond_signal(&c), 0); /* nobody waits: nothing is kept */
    struct timespec when = check_in(CLOCK_REALTIME, 5);
    CHECK_INT(pthread_mutex_lock(&m), 0);
    CHECK_INT(pthread_cond_timedwait(&c, &m, &when), ETIMEDOUT);
    CHECK_INT(pthread_mutex_trylock(&m), EBUSY);
    CHECK_INT(pthread_mutex_unlock(&m), 0);
}

static void test_deadlines(void) {
    pthread_condattr_t a;
    pthread_cond_t monotonic;
    CHECK_INT(pthread_condattr_init(&a), 0);
    CHECK_INT(pthread_condattr_setclock(&a, CLOCK_MONOTONIC), 0);
    CHECK_INT(pthread_cond_init(&monotonic, &a), 0);
    CHECK_INT(pthread_mutex_lock(&m), 0);
    double start = check_ms();
    struct timespec when = check_in(CLOCK_MONOTONIC, 30);
    CHECK_INT(pthread_cond_timedwait(&monotonic, &m, &when), ETIMEDOUT);
    when = check_in(CLOCK_REALTIME, 30);
    CHECK_INT(pthread_cond_clockwait(&monotonic, &m, CLOCK_REALTIME, &when), ETIMEDOUT);
    when = check_in(CLOCK_REALTIME, 30);
    CHECK_INT(pthread_cond_timedwait(&c, &m, &when), ETIMEDOUT);
    double waited = check_ms() - start;
    CHECK(waited >= 89);
    when = check_in(CLOCK_REALTIME, -1000);
    CHECK_INT(pthread_cond_timedwait(&c, &m, &when), ETIMEDOUT);
    when.tv_sec = -1;
    CHECK_INT(pthread_cond_timedwait(&c, &m, &when), ETIMEDOUT);
    when.tv_nsec = 1000000000;
    CHECK_INT(pthread_cond_timedwait(&c, &m, &when), EINVAL);
    when.tv_nsec = 0;
    CHECK_INT(pthread_cond_clockwait(&c, &m, CLOCK_PROCESS_CPUTIME_ID, &when), EINVAL);
    CHECK_INT(pthread_mutex_unlock(&m), 0);
}

static pthread_mutex_t recursive = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP, check = PTHREAD_ERRORCHECK_MUTEX_INITIALIZER_NP;

static void *open_it(void *arg) {
    (void)arg;
    CHECK_INT(pthread_mutex_lock(&recursive), 0); /* only if the waiter released it whole */
    open_gate = 1;
    CHECK_INT(pthread_cond_signal(&c), 0);
    CHECK_INT(pthread_mutex_unlock(&recursive), 0);
    return NULL;
}

static void test_mutex_types(void) {
    CHECK_INT(pthread_cond_wait(&c, &check), EPERM);
    CHECK_INT(pthread_cond_wait(&c, &recursive), EPERM);
    for (int i = 0; i < 3; i++) CHECK_INT(pthread_mutex_lock(&recursive), 0);
    pthread_t t = check_spawn(open_it, NULL);
    while (!open_gate) CHECK_INT(pthread_cond_wait(&c, &recursive), 0);
    for (int i = 0; i < 3; i++) CHECK_INT(pthread_mutex_unlock(&recursive), 0);
    CHECK_INT(pthread_mutex_unlock(&recursive), EPERM);
    check_join(t);
}

#define PRODUCERS 300
#define CONSUMERS 200
#define ITEMS 200
static pthread_cond_t not_full = PTHREAD_COND_INITIALIZER, not_empty = PTHREAD_COND_INITIALIZER;
static long buffer[7], filled, sum_in, sum_out, taken;

static void maybe_give_way(void) {
    uint64_t r = check_random() % 16;
    if (r == 0)
        usleep((useconds_t)(check_random() % 30));
    else if (r < 5)
        sched_yield();
}

static void *produce(void *arg) {
    (void)arg;
    for (int i = 0; i < ITEMS; i++) {
        long item = (long)(check_random() % 1000);
        CHECK_INT(pthread_mutex_lock(&m), 0);
        while (filled == 7) CHECK_INT(pthread_cond_wait(&not_full, &m), 0);
        maybe_give_way();
        buffer[filled++] = item;
        sum_in += item;
        CHECK_INT(pthread_cond_signal(&not_empty), 0);
        CHECK_INT(pthread_mutex_unlock(&m), 0);
        maybe_give_way();
    }
    return NULL;
}

static void *consume(void *arg) {
    (void)arg;
    for (;;) {
        CHECK_INT(pthread_mutex_lock(&m), 0);
        while (filled == 0 && taken < PRODUCERS * ITEMS) {
            struct timespec when = check_in(CLOCK_REALTIME, (long)(check_random() % 20));
            int error = check_random() % 2 ? pthread_cond_wait(&not_empty, &m) : pthread_cond_timedwait(&not_empty, &m, &when);
            CHECK(error == 0 || error == ETIMEDOUT);
        }
        if (taken == PRODUCERS * ITEMS) {
            CHECK_INT(pthread_mutex_unlock(&m), 0);
            return NULL;
        }
        maybe_give_way();
        sum_out += buffer[--filled];
        if (++taken == PRODUCERS * ITEMS) CHECK_INT(pthread_cond_broadcast(&not_empty), 0);
        CHECK_INT(pthread_cond_signal(&not_full), 0);
        CHECK_INT(pthread_mutex_unlock(&m), 0);
    }
}

static void test_buffer(void) {
    pthread_t t[PRODUCERS + CONSUMERS];
    for (int i = 0; i < PRODUCERS + CONSUMERS; i++) t[i] = check_spawn(i < PRODUCERS ? produce : consume, NULL);
    for (int i = 0; i < PRODUCERS + CONSUMERS; i++) check_join(t[i]);
    CHECK_INT(sum_in, sum_out);
    CHECK_INT(filled, 0);
}

static long signals_taken, timeouts;
static int done;

static void *race(void *arg) {
    (void)arg;
    CHECK_INT(pthread_mutex_lock(&m), 0);
    while (!done) {
        struct timespec when = check_in(CLOCK_MONOTONIC, 0);
        when.tv_nsec += (long)(check_random() % 60000);
        if (when.tv_nsec >= 1000000000) continue;
        waiting++;
        int error = pthread_cond_clockwait(&c, &m, CLOCK_MONOTONIC, &when);
        waiting--;
        if (error == 0)
            signals_taken++;
        else
            timeouts++;
    }
    CHECK_INT(pthread_mutex_unlock(&m), 0);
    return NULL;
}

/* Deadlines of tens of microseconds against signals at the same pace. A signal either wakes a waiter with 0, or nobody waited. */
static void test_race(void) {
    pthread_t t[50];
    waiting = 0;
    for (int i = 0; i < 50; i++) t[i] = check_spawn(race, NULL);
    long sent = 0;
    int enough = 0; /* of both: on a busy machine that takes longer */
    for (double end = check_ms() + 400; !enough || check_ms() < end;) {
        CHECK_INT(pthread_mutex_lock(&m), 0);
        enough = timeouts > 100 && signals_taken > 100;
        /* Of those counted some may have timed out already and wait for the mutex only. */
        sent += waiting > 0;
        CHECK_INT(pthread_cond_signal(&c), 0);
        CHECK_INT(pthread_mutex_unlock(&m), 0);
        usleep((useconds_t)(check_random() % 20));
        CHECK(signals_taken <= sent); /* who was signalled before may still be on his way */
    }
    done = 1;
    for (int i = 0; i < 50; i++) check_join(t[i]);
    CHECK(signals_taken <= sent);
}

int main(int argc, char **argv) {
    check_start(argc, argv, 60);
    test_wake_ups();
    test_deadlines();
    test_mutex_types();
    test_buffer();
    test_race();
    return 0;
}
