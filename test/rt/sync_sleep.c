/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The sleep family: a thousand sleepers of one worker sleep at the same time and wake in order of their deadlines, every clock,
 * errors, and a sleep that a handler cuts short. Upper bounds are generous: the machine may be busy.
 */
#include <sched.h>
#include <signal.h>
#include <sys/time.h>

#include "sync_check.h"

#define THREADS 1000
static long woken, order[THREADS];

static void *sleep_some(void *arg) {
    long us = (long)(intptr_t)arg;
    double start = check_ms();
    switch (check_random() % 4) {
    case 0:
        CHECK_INT(usleep((useconds_t)us), 0);
        break;
    case 1: {
        struct timespec t = { 0, us * 1000 };
        CHECK_INT(nanosleep(&t, NULL), 0);
        break;
    }
    default: {
        clockid_t clock = check_random() % 2 ? CLOCK_REALTIME : CLOCK_MONOTONIC;
        struct timespec t = check_in(clock, us / 1000);
        t.tv_nsec += us % 1000 * 1000;
        if (t.tv_nsec >= 1000000000) {
            t.tv_nsec -= 1000000000;
            t.tv_sec++;
        }
        CHECK_INT(clock_nanosleep(clock, TIMER_ABSTIME, &t, NULL), 0);
    }
    }
    CHECK(check_ms() - start >= (double)us / 1000 - 0.01);
    order[woken++] = us;
    return NULL;
}

static void test_many(void) {
    static pthread_t t[THREADS];
    double start = check_ms();
    for (int i = 0; i < THREADS; i++) t[i] = check_spawn(sleep_some, (void *)(intptr_t)(50000 + 200 * (check_random() % 500)));
    for (int i = 0; i < THREADS; i++) check_join(t[i]);
    double took = check_ms() - start;
    CHECK(took >= 50 && took < 5000); /* one after the other they would need 100 s */
    long inversions = 0;
    for (int i = 1; i < THREADS; i++)
        inversions += order[i] < order[i - 1] - 20000; /* starting all of them takes some ms */
    CHECK_INT(inversions, 0);
}

static void test_errors(void) {
    struct timespec t = { 0, 1000000000 }, rest;
    CHECK_ERRNO(nanosleep(&t, NULL), EINVAL);
    t.tv_nsec = -1;
    CHECK_ERRNO(nanosleep(&t, NULL), EINVAL);
    CHECK_INT(clock_nanosleep(CLOCK_REALTIME, 0, &t, NULL), EINVAL);
    t = (struct timespec){ -1, 0 };
    CHECK_ERRNO(nanosleep(&t, NULL), EINVAL);
    t = (struct timespec){ 0, 1000 };
    CHECK_INT(clock_nanosleep(CLOCK_THREAD_CPUTIME_ID, 0, &t, NULL), EINVAL);
    CHECK_INT(clock_nanosleep(1234567, 0, &t, NULL), EINVAL);
    t = (struct timespec){ 1, 0 };
    CHECK_INT(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, &rest), 0); /* long ago */
    CHECK_INT(sleep(0), 0);
    CHECK_INT(usleep(0), 0);
}

static volatile int stop;

static void *burn(void *arg) {
    (void)arg;
    while (!stop) {
        for (volatile int i = 0; i < 100000; i++) continue;
        sched_yield();
    }
    return NULL;
}

static void test_clocks(void) {
    clockid_t clocks[] = { CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_BOOTTIME, CLOCK_TAI };
    for (unsigned i = 0; i < 4; i++) {
        double start = check_ms();
        struct timespec t = { 0, 10000000 };
        CHECK_INT(clock_nanosleep(clocks[i], 0, &t, NULL), 0);
        t = check_in(clocks[i], 10);
        CHECK_INT(clock_nanosleep(clocks[i], TIMER_ABSTIME, &t, NULL), 0);
        CHECK(check_ms() - start >= 19.9);
    }
    /* The processor's time goes on only while somebody uses it. */
    struct timespec before, after, t = { 0, 30000000 };
    pthread_t worker = check_spawn(burn, NULL);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &before);
    CHECK_INT(clock_nanosleep(CLOCK_PROCESS_CPUTIME_ID, 0, &t, NULL), 0);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &after);
    CHECK((after.tv_sec - before.tv_sec) * 1000000000 + after.tv_nsec - before.tv_nsec >= 30000000);
    stop = 1;
    check_join(worker);
}

static volatile int rang;
static void ring(int signal) {
    (void)signal;
    rang = 1;
}

static void *keep_sleeping(void *arg) {
    double start = check_ms();
    CHECK_INT(usleep(100000), 0);
    CHECK(check_ms() - start >= 99.9);
    return arg;
}

static void test_interrupted(void) {
    struct sigaction action = { .sa_handler = ring };
    struct itimerval soon = { { 0, 0 }, { 0, 20000 } };
    unsigned left = alarm(0);
    pthread_t other = check_spawn(keep_sleeping, NULL);
    CHECK_INT(sigaction(SIGALRM, &action, NULL), 0);
    CHECK_INT(setitimer(ITIMER_REAL, &soon, NULL), 0);
    double start = check_ms();
    struct timespec t = { 20, 0 }, rest = { 0, 0 };
    CHECK_ERRNO(nanosleep(&t, &rest), EINTR);
    CHECK_INT(rang, 1);
    CHECK(check_ms() - start >= 19);
    CHECK_INT(rest.tv_sec, 19);
    CHECK(rest.tv_nsec > 0);
    CHECK_INT(setitimer(ITIMER_REAL, &soon, NULL), 0);
    errno = 0;
    CHECK_INT(sleep(20), 19); /* 19.98 s left */
    CHECK_INT(errno, EINTR);
    check_join(other);
    signal(SIGALRM, SIG_DFL);
    alarm(left);
}

int main(int argc, char **argv) {
    check_start(argc, argv, 60);
    test_many();
    test_errors();
    test_clocks();
    test_interrupted();
    return 0;
}
