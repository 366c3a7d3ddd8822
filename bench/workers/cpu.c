/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Do threads that compute use all processors? THREADS threads do the same work together, whatever their number; prints ns per step of
 * it, elapsed and of processor time.
 *
 *     cpu [THREADS [STEPS]]        defaults 64, and 20,000,000 a round
 */
#include <pthread.h>

#include "../threads/measure.h"

#define ROUNDS 5
#define STEPS_A_CALL 1000

static long each;

static __attribute__((noinline)) unsigned long work(unsigned long x) {
    for (int i = 0; i < STEPS_A_CALL; i++) x = (x ^ x >> 31) * 0x9e3779b97f4a7c15ul;
    return x;
}

static void *computes(void *arg) {
    unsigned long x = (unsigned long)arg;
    for (long i = 0; i < each; i += STEPS_A_CALL) x = work(x);
    return (void *)x;
}

int main(int argc, char **argv) {
    long threads = measure_argument(argc, argv, 1, 64), steps = measure_argument(argc, argv, 2, 20000000);
    pthread_t *ids = calloc((size_t)threads, sizeof *ids);
    each = steps / threads;
    for (int round = 0; round < ROUNDS; round++) {
        measure_begin();
        for (long i = 0; i < threads; i++) measure_need(pthread_create(&ids[i], NULL, computes, (void *)(i + 1)) == 0, "pthread_create");
        for (long i = 0; i < threads; i++) pthread_join(ids[i], NULL);
        measure_end((double)(each * threads));
    }
    measure_print();
    return 0;
}
