/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * What does a switch cost? THREADS threads call sched_yield in turn; prints ns per call. A barrier begins and ends each round.
 *
 *     yield [THREADS [CALLS]]        defaults 2 and 4,000,000 calls a round, all threads together
 */
#include <pthread.h>
#include <sched.h>

#include "measure.h"

#define ROUNDS 5

static pthread_barrier_t turn;
static long each;

static void *yields(void *arg) {
    for (int round = 0; round < ROUNDS; round++) {
        pthread_barrier_wait(&turn);
        for (long i = 0; i < each; i++) sched_yield();
        pthread_barrier_wait(&turn);
    }
    return arg;
}

int main(int argc, char **argv) {
    long threads = measure_argument(argc, argv, 1, 2), calls = measure_argument(argc, argv, 2, 4000000);
    pthread_t *ids = calloc((size_t)threads, sizeof *ids);
    pthread_attr_t attr;
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, 64 << 10);
    each = (calls + threads - 1) / threads;
    pthread_barrier_init(&turn, NULL, (unsigned)threads + 1);
    for (long i = 0; i < threads; i++) measure_need(pthread_create(&ids[i], &attr, yields, NULL) == 0, "pthread_create");
    for (int round = 0; round < ROUNDS; round++) {
        measure_begin(); /* what the barrier costs is little where each thread yields often */
        pthread_barrier_wait(&turn);
        pthread_barrier_wait(&turn);
        measure_end((double)(each * threads));
    }
    for (long i = 0; i < threads; i++) pthread_join(ids[i], NULL);
    measure_print();
    return 0;
}
