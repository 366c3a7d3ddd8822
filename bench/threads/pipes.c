/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Mostly idle connections: a ring of PIPES pipes, a thread for each that reads a token of 12 bytes and writes it into the next one.
 * A quarter of the threads, but at most 128, have a token at a time. `sockets`: a pair of sockets in each pipe's place. Prints ns for
 * each step of a token. pipes_epoll.c is the same by hand.
 *
 *     pipes [PIPES [MILLISECONDS [pipes|sockets]]]        defaults 100, 200 a round, pipes
 */
#include <pthread.h>

#include "ring.h"

static volatile long *steps; /* by thread; read without a lock by main alone */

static long all_steps(void) {
    long sum = 0;
    for (long i = 0; i < pipes; i++) sum += steps[i];
    return sum;
}

static void *passes(void *arg) {
    long i = (long)arg;
    while (ring_step(i)) steps[i]++;
    return NULL;
}

int main(int argc, char **argv) {
    ring_make(argc, argv);
    steps = calloc((size_t)pipes, sizeof *steps);
    pthread_attr_t attr;
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, 64 << 10);
    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    for (long i = 0; i < pipes; i++) {
        pthread_t id;
        measure_need(pthread_create(&id, &attr, passes, (void *)i) == 0, "pthread_create");
    }
    usleep(100000); /* all wait in read */
    ring_put_tokens();
    usleep(100000); /* each pipe has seen a token or two */
    for (int round = 0; round < ROUNDS; round++) {
        long before = all_steps();
        measure_begin();
        usleep((useconds_t)round_ms * 1000);
        long done = all_steps() - before;
        measure_end(done ? (double)done : 1);
    }
    measure_print();
    _exit(0);
}
