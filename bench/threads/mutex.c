/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * What does a mutex cost that nobody else wants? Locks and unlocks one; prints ns for both. A second thread waits meanwhile, since
 * libc leaves out atomic instructions as long as a program has one thread.
 *
 *     mutex [TIMES]        default 10,000,000 a round
 */
#include <pthread.h>
#include <semaphore.h>

#include "measure.h"

#define ROUNDS 5

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static sem_t end;
static volatile long counter;

static void *waits(void *arg) {
    while (sem_wait(&end)) continue;
    return arg;
}

int main(int argc, char **argv) {
    long times = measure_argument(argc, argv, 1, 10000000);
    pthread_t id;
    sem_init(&end, 0, 0);
    measure_need(pthread_create(&id, NULL, waits, NULL) == 0, "pthread_create");
    for (int round = 0; round < ROUNDS; round++) {
        measure_begin();
        for (long i = 0; i < times; i++) {
            pthread_mutex_lock(&lock);
            counter = i;
            pthread_mutex_unlock(&lock);
        }
        measure_end((double)times);
    }
    sem_post(&end);
    pthread_join(id, NULL);
    measure_print();
    return 0;
}
