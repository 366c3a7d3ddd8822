/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Wake-ups that race with timeouts and signals: a thousand consumers take items by semaphore or condition variable, with and without
 * deadlines, while producers make them and a thread sends signals. Nothing is lost and nothing is given twice: each item
 * that was made is taken, and the process ends. A handler posts, too.
 */
#include <errno.h>
#include <semaphore.h>

#include "stress.h"

#define CONSUMERS 1000
#define PRODUCERS 50
#define ITEMS 400 /* per producer */

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static sem_t sem;
static long in_queue;
static volatile long made_queue, made_sem, taken_queue, taken_sem, timeouts, interrupted, handler_posts;
static pthread_t consumers[CONSUMERS];
static volatile int stop, closed;

/* Threads, and handlers, count at the same time where there are several workers. */
static void count(volatile long *counter, long n) { __atomic_fetch_add(counter, n, __ATOMIC_SEQ_CST); }

static void post(int number) {
    (void)number;
    count(&handler_posts, 1);
    sem_post(&sem);
}

static int take_sem(uint64_t *r) {
    struct timespec t = stress_soon(CLOCK_REALTIME, r);
    int timed = stress_random(r) % 2;
    if ((timed ? sem_timedwait(&sem, &t) : sem_wait(&sem)) == 0) return 1;
    CHECK(errno == EINTR || (timed && errno == ETIMEDOUT));
    if (errno == EINTR)
        count(&interrupted, 1);
    else
        count(&timeouts, 1);
    return 0;
}

static int take_queue(uint64_t *r) {
    int timed = stress_random(r) % 2, taken = 0, error = 0;
    struct timespec t = stress_soon(CLOCK_MONOTONIC, r);
    pthread_mutex_lock(&mutex);
    while (!in_queue && !closed && error == 0)
        error = timed ? pthread_cond_clockwait(&cond, &mutex, CLOCK_MONOTONIC, &t) : pthread_cond_wait(&cond, &mutex);
    CHECK(error == 0 || error == ETIMEDOUT);
    count(&timeouts, error != 0);
    if (in_queue) {
        in_queue--;
        taken = 1;
    }
    pthread_mutex_unlock(&mutex);
    return taken;
}

static void *consume(void *arg) {
    uint64_t r = stress_state((uint64_t)arg);
    while (!closed) {
        if ((uint64_t)arg % 2)
            count(&taken_sem, take_sem(&r));
        else
            count(&taken_queue, take_queue(&r));
        stress_pause(&r);
    }
    return NULL;
}

static void *produce(void *arg) {
    uint64_t r = stress_state((uint64_t)arg + CONSUMERS);
    for (int i = 0; i < ITEMS; i++) {
        if (stress_random(&r) % 2) {
            count(&made_sem, 1);
            CHECK_EQUAL(sem_post(&sem), 0);
        } else {
            pthread_mutex_lock(&mutex);
            in_queue++;
            made_queue++;
            if (stress_random(&r) % 8)
                pthread_cond_signal(&cond);
            else
                pthread_cond_broadcast(&cond);
            pthread_mutex_unlock(&mutex);
        }
        stress_pause(&r);
    }
    return NULL;
}

static void *disturb(void *arg) {
    uint64_t r = stress_state(7777777);
    while (!stop) {
        for (int i = 0; i < 10; i++) pthread_kill(consumers[stress_random(&r) % CONSUMERS], SIGUSR1);
        if (stress_random(&r) % 4 == 0) kill(getpid(), SIGUSR1);
        usleep(300);
    }
    return arg;
}

int main(int argc, char **argv) {
    (void)argc;
    stress_begin(argv);
    pthread_t producers[PRODUCERS], disturber;
    struct sigaction act = { .sa_handler = post };
    sigaction(SIGUSR1, &act, NULL);
    sem_init(&sem, 0, 0);
    for (long i = 0; i < CONSUMERS; i++) CHECK_EQUAL(pthread_create(&consumers[i], NULL, consume, (void *)i), 0);
    for (long i = 0; i < PRODUCERS; i++) CHECK_EQUAL(pthread_create(&producers[i], NULL, produce, (void *)i), 0);
    pthread_create(&disturber, NULL, disturb, NULL);
    for (int i = 0; i < PRODUCERS; i++) pthread_join(producers[i], NULL);
    stop = 1;
    pthread_join(disturber, NULL);
    usleep(5000);
    /* All that was made is taken without another word from anybody. */
    while (taken_queue < made_queue || taken_sem < made_sem + handler_posts) usleep(1000);
    closed = 1;
    pthread_cond_broadcast(&cond);
    for (int i = 0; i < CONSUMERS; i++) sem_post(&sem);
    for (int i = 0; i < CONSUMERS; i++) pthread_join(consumers[i], NULL);
    CHECK_EQUAL(taken_queue, made_queue);
    CHECK_EQUAL(in_queue, 0);
    int left;
    sem_getvalue(&sem, &left);
    CHECK_EQUAL(taken_sem + left, made_sem + handler_posts + CONSUMERS);
    printf("%ld taken, %ld timeouts, %ld interrupted\n", taken_sem + taken_queue, timeouts, interrupted);
    return 0;
}
