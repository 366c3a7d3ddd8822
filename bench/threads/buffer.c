/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Does one lock with many waiters scale? PAIRS producers and as many consumers share one bounded buffer, a mutex and two condition
 * variables; prints ns per item. Ends without joining anybody: what counts is the time while all run.
 *
 *     buffer [PAIRS [MILLISECONDS]]        defaults 50, and 200 a round
 */
#include <pthread.h>
#include <unistd.h>

#include "measure.h"

#define ROUNDS 3
#define PLACES 64

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t not_empty = PTHREAD_COND_INITIALIZER, not_full = PTHREAD_COND_INITIALIZER;
static long buffer[PLACES], first, count;
static long items, started; /* read without the lock by main alone */

static void *produce(void *arg) {
    __atomic_add_fetch(&started, 1, __ATOMIC_RELAXED);
    for (long i = 0;; i++) {
        pthread_mutex_lock(&lock);
        while (count == PLACES) pthread_cond_wait(&not_full, &lock);
        buffer[(first + count++) % PLACES] = i;
        pthread_cond_signal(&not_empty);
        pthread_mutex_unlock(&lock);
    }
    return arg;
}

static void *consume(void *arg) {
    (void)arg;
    long sum = 0;
    __atomic_add_fetch(&started, 1, __ATOMIC_RELAXED);
    for (;;) {
        pthread_mutex_lock(&lock);
        while (count == 0) pthread_cond_wait(&not_empty, &lock);
        sum += buffer[first];
        first = (first + 1) % PLACES;
        count--;
        __atomic_store_n(&items, items + 1, __ATOMIC_RELAXED);
        pthread_cond_signal(&not_full);
        pthread_mutex_unlock(&lock);
    }
    return (void *)sum;
}

int main(int argc, char **argv) {
    long pairs = measure_argument(argc, argv, 1, 50), ms = measure_argument(argc, argv, 2, 200);
    pthread_attr_t attr;
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, 64 << 10);
    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    for (long i = 0; i < pairs; i++) {
        pthread_t id;
        measure_need(pthread_create(&id, &attr, produce, NULL) == 0, "pthread_create");
        measure_need(pthread_create(&id, &attr, consume, NULL) == 0, "pthread_create");
    }
    while (__atomic_load_n(&started, __ATOMIC_RELAXED) < 2 * pairs) usleep(1000);
    for (int round = 0; round < ROUNDS; round++) {
        long before = __atomic_load_n(&items, __ATOMIC_RELAXED);
        measure_begin();
        usleep((useconds_t)ms * 1000);
        long done = __atomic_load_n(&items, __ATOMIC_RELAXED) - before;
        measure_end(done ? (double)done : 1);
    }
    measure_print();
    _exit(0);
}
