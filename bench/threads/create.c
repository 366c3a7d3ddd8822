/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * What does a thread's life cost? Creates a thread that does nothing, joins it, and again; prints ns per thread.
 *
 *     create [THREADS]        default 100,000 a round
 */
#include <pthread.h>

#include "measure.h"

#define ROUNDS 5

static void *nothing(void *arg) { return arg; }

int main(int argc, char **argv) {
    long threads = measure_argument(argc, argv, 1, 100000);
    for (int round = 0; round < ROUNDS; round++) {
        measure_begin();
        for (long i = 0; i < threads; i++) {
            pthread_t id;
            measure_need(pthread_create(&id, NULL, nothing, NULL) == 0, "pthread_create");
            pthread_join(id, NULL);
        }
        measure_end((double)threads);
    }
    measure_print();
    return 0;
}
