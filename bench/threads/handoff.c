/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * What does it cost to hand work to another thread and wait for the answer? Two threads take turns by a mutex and a condition
 * variable each; prints ns per hand-over.
 *
 *     handoff [TURNS]        default 1,000,000 a round
 */
#include <pthread.h>

#include "measure.h"

#define ROUNDS 5

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed[2] = {PTHREAD_COND_INITIALIZER, PTHREAD_COND_INITIALIZER};
static int turn;
static long turns;

/* Waits until it is the turn of `me`, then it is the other's. */
static void play(int me) {
    pthread_mutex_lock(&lock);
    while (turn != me) pthread_cond_wait(&changed[me], &lock);
    turn = !me;
    pthread_cond_signal(&changed[!me]);
    pthread_mutex_unlock(&lock);
}

static void *other(void *arg) {
    for (long i = 0; i < turns * ROUNDS; i++) play(1);
    return arg;
}

int main(int argc, char **argv) {
    pthread_t id;
    turns = measure_argument(argc, argv, 1, 1000000) / 2;
    measure_need(pthread_create(&id, NULL, other, NULL) == 0, "pthread_create");
    for (int round = 0; round < ROUNDS; round++) {
        measure_begin();
        for (long i = 0; i < turns; i++) play(0);
        measure_end((double)(2 * turns));
    }
    pthread_join(id, NULL);
    measure_print();
    return 0;
}
