/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Deadlines: nobody wakes early, those that end together wake in the order of their deadlines, a thread woken by another leaves
 * the heap, and the heap keeps its order under seeded insertions and removals.
 */
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <time.h>

#include "check.h"
#include "sched/sched.h"
#include "sched/timer.h"

#define THREADS 2000
#define MS 1000000ull

struct sleeper {
    pthread_t thread;
    uint64_t deadline;
    int expected; /* ETIMEDOUT or 0 */
    struct capr_queue queue;
};
static struct sleeper sleepers[THREADS];
static uint64_t last_woken;
static int in_time; /* all slept before the first deadline */
static int restless; /* each that wakes has the worker look again, at timers too, before the others that woke with it have run */

static uint32_t next_random(uint32_t *state) { return *state = *state * 1664525u + 1013904223u; }

static void check_heap(void) {
    for (uint32_t i = 0; i < capr__process.timer_count; i++) {
        CHECK_EQUAL(capr__process.timers[i].thread->timer, i);
        CHECK_EQUAL(capr__process.timers[i].thread->deadline, capr__process.timers[i].deadline);
        if (i) CHECK(capr__process.timers[(i - 1) / 4].deadline <= capr__process.timers[i].deadline);
    }
}

static void *sleep_once(void *arg) {
    struct sleeper *s = arg;
    int error = capr__wait(&s->queue, s->deadline);
    CHECK_EQUAL(error, s->expected);
    CHECK(capr__self()->queue == NULL);
    CHECK_EQUAL(capr__self()->timer, -1);
    if (error) {
        CHECK(capr__now() >= s->deadline);
        CHECK(!in_time || s->deadline >= last_woken);
        CHECK(s->queue.head == NULL && s->queue.tail == NULL);
        last_woken = s->deadline;
        if (restless) capr__worker.poll_at = 0;
    }
    return NULL;
}

static void join_all(void) {
    for (int i = 0; i < THREADS; i++) CHECK_EQUAL(pthread_join(sleepers[i].thread, NULL), 0);
    CHECK_EQUAL(capr__process.timer_count, 0);
}

/* Nonzero if all threads slept before the first deadline, `margin` ns away, came; else nothing is left of them. */
static int all_asleep_in_time(uint32_t *random, uint64_t margin) {
    uint64_t start = capr__now() + margin;
    for (int i = 0; i < THREADS; i++) {
        sleepers[i].deadline = start + next_random(random) % (200 * MS);
        sleepers[i].expected = ETIMEDOUT;
        CHECK_EQUAL(pthread_create(&sleepers[i].thread, NULL, sleep_once, &sleepers[i]), 0);
    }
    capr__yield();
    in_time = capr__now() < start;
    if (!in_time) join_all();
    return in_time;
}

static int all_due(uint64_t now) {
    for (int i = 0; i < THREADS; i++)
        if (sleepers[i].deadline > now) return 0;
    return 1;
}

int main(void) {
    uint32_t random = 20031019;
    /* All deadlines after the wake-ups below and none in the order of the threads. No timer fires where nothing yields. */
    for (uint64_t margin = 300 * MS; !all_asleep_in_time(&random, margin); margin *= 2) CHECK(margin < 30000 * MS);
    CHECK_EQUAL(capr__process.timer_count, THREADS);
    check_heap();
    for (int i = 0; i < THREADS / 2; i++) {
        struct sleeper *s = &sleepers[next_random(&random) % THREADS];
        if (!s->queue.head) continue;
        s->expected = 0;
        CHECK(capr__wake_one(&s->queue) != NULL);
        check_heap();
    }
    join_all();

    /* All that sleep end at once. */
    restless = 1;
    last_woken = 0;
    for (uint64_t margin = 300 * MS; !all_asleep_in_time(&random, margin); margin *= 2) CHECK(margin < 30000 * MS);
    while (!all_due(capr__now())) ;
    join_all();

    /* A deadline in the past ends at once, and says so. */
    struct capr_queue q = {NULL, NULL};
    CHECK_EQUAL(capr__wait(&q, capr__now() - 1), ETIMEDOUT);
    CHECK_EQUAL(capr__wait(&q, 0), ETIMEDOUT);

    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    t.tv_sec += 100;
    uint64_t deadline = capr__deadline(CLOCK_REALTIME, &t), now = capr__now();
    CHECK(deadline > now + 99000 * MS && deadline < now + 101000 * MS);
    t.tv_sec -= 200;
    CHECK_EQUAL(capr__deadline(CLOCK_REALTIME, &t), 0);
    CHECK_EQUAL(capr__deadline(CLOCK_MONOTONIC, &(struct timespec){5, 7}), 5000000007ull);
    CHECK(capr__deadline(CLOCK_MONOTONIC, &(struct timespec){INT64_MAX, 0}) == CAPR_FOREVER);
    CHECK_EQUAL(capr__deadline(CLOCK_REALTIME, &(struct timespec){-5, 0}), 0);
    return 0;
}
