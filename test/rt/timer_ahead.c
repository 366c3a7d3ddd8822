/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Who wakes by the clock goes ahead of those that became ready at once, in the order of the deadlines; and who sleeps for next to nothing
 * in a loop leaves half of the turns to the others. Counts turns, not time, so that a busy machine changes nothing.
 */
#include <pthread.h>
#include <stdint.h>
#include <time.h>

#include "check.h"

#define CROWD 3000
#define TURN_NS 20000 /* all of the crowd: 60 ms */
#define SLEEPERS 200
#define YIELDERS 50

static uint64_t now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void sleep_until(uint64_t when) {
    struct timespec t = {(time_t)(when / 1000000000u), (long)(when % 1000000000u)};
    CHECK_EQUAL(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL), 0);
}

static pthread_t crowd[CROWD];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t go = PTHREAD_COND_INITIALIZER;
static int begun, done;
static uint64_t started[CROWD]; /* when the turns began, in their order */

static void *one_turn(void *arg) {
    pthread_mutex_lock(&lock);
    while (!begun) pthread_cond_wait(&go, &lock);
    pthread_mutex_unlock(&lock);
    uint64_t start = started[done++] = now();
    while (now() - start < TURN_NS)
        ;
    return arg;
}

static uint64_t first;
static int woken, in_time; /* all slept before the first deadline */

/* Turns that began after the deadline and before the thread that waited for it ran: 64 to the next look, and one for each of the others
 * whose deadlines passed meanwhile, if nothing here ran for a while. */
static void late_by_turns(uint64_t deadline) {
    int turns = 0;
    for (int i = done - 1; i >= 0 && started[i] > deadline; i--) turns++;
    CHECK(turns < 2 * SLEEPERS);
}

static void *wakes_in_order(void *arg) {
    int number = (int)(intptr_t)arg;
    uint64_t deadline = first + (uint64_t)number * 100000;
    sleep_until(deadline);
    if (!in_time) return NULL;
    CHECK_EQUAL(woken, number);
    woken++;
    CHECK(done < CROWD); /* the crowd is not through */
    late_by_turns(deadline);
    return NULL;
}

static void ahead_of_a_crowd(void) {
    pthread_t t[SLEEPERS];
    for (int i = 0; i < CROWD; i++) CHECK_EQUAL(pthread_create(&crowd[i], NULL, one_turn, NULL), 0);
    for (uint64_t margin = 10000000; !in_time; margin *= 2) {
        CHECK(margin < 20000000000);
        first = now() + margin;
        for (int i = 0; i < SLEEPERS; i++) CHECK_EQUAL(pthread_create(&t[i], NULL, wakes_in_order, (void *)(intptr_t)i), 0);
        sched_yield();
        in_time = now() < first;
        for (int i = 0; i < SLEEPERS && !in_time; i++) CHECK_EQUAL(pthread_join(t[i], NULL), 0);
    }
    pthread_mutex_lock(&lock);
    begun = 1;
    pthread_cond_broadcast(&go);
    pthread_mutex_unlock(&lock);
    for (int i = 0; i < SLEEPERS; i++) CHECK_EQUAL(pthread_join(t[i], NULL), 0);
    for (int i = 0; i < CROWD; i++) CHECK_EQUAL(pthread_join(crowd[i], NULL), 0);
}

static volatile int stop;
static long naps, yields;

static void *naps_only(void *arg) {
    for (; !stop; naps++) nanosleep(&(struct timespec){0, 0}, NULL);
    return arg;
}

static void *yields_only(void *arg) {
    for (; !stop; yields++) sched_yield();
    return arg;
}

/* Of all turns at least one in `naps_every` was a nap's, one in `yields_every` a yield's. */
static void share(int sleepers, int yielders, int naps_every, int yields_every) {
    pthread_t t[SLEEPERS + YIELDERS];
    stop = 0;
    naps = yields = 0;
    for (int i = 0; i < sleepers + yielders; i++) CHECK_EQUAL(pthread_create(&t[i], NULL, i < sleepers ? naps_only : yields_only, NULL), 0);
    while (naps + yields < 300000) usleep(1000);
    stop = 1;
    for (int i = 0; i < sleepers + yielders; i++) CHECK_EQUAL(pthread_join(t[i], NULL), 0);
    CHECK(naps >= (naps + yields) / naps_every);
    CHECK(yields >= (naps + yields) / yields_every);
}

int main(void) {
    alarm(60);
    ahead_of_a_crowd();
    /* Who yields has a turn after each batch, of at most 32; as many as the batch where there are so many. */
    share(SLEEPERS, 1, 2, 40);
    share(SLEEPERS, YIELDERS, 3, 3);
    /* Who naps has one at each look, every 64 turns. */
    share(1, 1, 80, 2);
    share(1, YIELDERS, 80, 2);
    return 0;
}
