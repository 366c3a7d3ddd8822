/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Large frames that are live for a short time: THREADS threads call in turn a function that writes to each page of a buffer of 1 MiB
 * in its frame, and yield between the calls. Where the memory is shared by all threads, it stays in the cache. Prints ns per call.
 *
 *     bigstack [THREADS [CALLS]]        defaults 800, and 2 calls per thread in a round
 */
#include <pthread.h>
#include <sched.h>

#include "measure.h"

#define ROUNDS 3
#define BUFFER (1 << 20)
#define PAGE 4096

static pthread_barrier_t turn;
static long calls;

static __attribute__((noinline)) void touches(void) {
    volatile char buffer[BUFFER];
    for (long i = 0; i < BUFFER; i += PAGE) buffer[i] = 1;
}

static void *thread(void *arg) {
    for (int round = 0; round < ROUNDS; round++) {
        pthread_barrier_wait(&turn);
        for (long i = 0; i < calls; i++) {
            touches();
            sched_yield();
        }
        pthread_barrier_wait(&turn);
    }
    return arg;
}

int main(int argc, char **argv) {
    long threads = measure_argument(argc, argv, 1, 800);
    calls = measure_argument(argc, argv, 2, 2);
    pthread_t *ids = calloc((size_t)threads, sizeof *ids);
    pthread_attr_t attr;
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, BUFFER + (64 << 10));
    pthread_barrier_init(&turn, NULL, (unsigned)threads + 1);
    for (long i = 0; i < threads; i++) measure_need(pthread_create(&ids[i], &attr, thread, NULL) == 0, "pthread_create");
    for (int round = 0; round < ROUNDS; round++) {
        measure_begin();
        pthread_barrier_wait(&turn);
        pthread_barrier_wait(&turn);
        measure_end((double)(calls * threads));
    }
    for (long i = 0; i < threads; i++) pthread_join(ids[i], NULL);
    measure_print();
    return 0;
}
