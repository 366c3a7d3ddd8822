/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * What there once was costs nothing later: after a million threads have ended, two that take turns go on as before. Where the
 * scheduler looked at each chunk that they had left, a turn took 10 ms, and this the time that a test is given.
 */
#include <pthread.h>
#include <semaphore.h>

#include "check.h"

#define THREADS 1000000
#define TURNS 100000

static sem_t gate, there, back;

static void *waits(void *arg) {
    sem_wait(&gate);
    return arg;
}

static void *answers(void *arg) {
    for (int i = 0; i < TURNS; i++) {
        sem_wait(&there);
        sem_post(&back);
    }
    return arg;
}

int main(void) {
    static pthread_t thread[THREADS];
    pthread_t other;
    CHECK_EQUAL(sem_init(&gate, 0, 0) | sem_init(&there, 0, 0) | sem_init(&back, 0, 0), 0);
    for (int i = 0; i < THREADS; i++) CHECK_EQUAL(pthread_create(&thread[i], NULL, waits, NULL), 0);
    for (int i = 0; i < THREADS; i++) sem_post(&gate);
    for (int i = 0; i < THREADS; i++) CHECK_EQUAL(pthread_join(thread[i], NULL), 0);
    CHECK_EQUAL(pthread_create(&other, NULL, answers, NULL), 0);
    for (int i = 0; i < TURNS; i++) {
        sem_post(&there);
        sem_wait(&back);
    }
    return pthread_join(other, NULL);
}
