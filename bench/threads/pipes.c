/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Mostly idle connections: a ring of PIPES pipes, a thread for each that reads a token of 12 bytes and writes it into the next one.
 * A quarter of the threads, but at most 128, have a token at a time. `sockets`: a pair of sockets in each pipe's place. Prints ns for
 * each step of a token. pipes_epoll.c is the same by hand.
 *
 *     pipes [PIPES [MILLISECONDS [pipes|sockets]]]        defaults 100, 200 a round, pipes
 */
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "measure.h"

#define ROUNDS 3
#define TOKEN 12

static int (*ring)[2];
static long pipes;
static volatile long *steps; /* by thread; read without a lock by main alone */

static long all_steps(void) {
    long sum = 0;
    for (long i = 0; i < pipes; i++) sum += steps[i];
    return sum;
}

static void *passes(void *arg) {
    long i = (long)arg;
    char token[TOKEN];
    while (read(ring[i][0], token, TOKEN) == TOKEN && write(ring[(i + 1) % pipes][1], token, TOKEN) == TOKEN)
        steps[i]++;
    return NULL;
}

int main(int argc, char **argv) {
    char token[TOKEN] = "token";
    pipes = measure_argument(argc, argv, 1, 100);
    long ms = measure_argument(argc, argv, 2, 200), tokens = pipes < 4 ? 1 : pipes / 4 > 128 ? 128 : pipes / 4;
    int sockets = argc > 3 && strcmp(argv[3], "sockets") == 0;
    ring = calloc((size_t)pipes, sizeof *ring);
    steps = calloc((size_t)pipes, sizeof *steps);
    pthread_attr_t attr;
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, 64 << 10);
    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    for (long i = 0; i < pipes; i++) measure_need((sockets ? socketpair(AF_UNIX, SOCK_STREAM, 0, ring[i]) : pipe(ring[i])) == 0, "pipe");
    for (long i = 0; i < pipes; i++) {
        pthread_t id;
        measure_need(pthread_create(&id, &attr, passes, (void *)i) == 0, "pthread_create");
    }
    usleep(100000); /* all wait in read */
    for (long i = 0; i < tokens; i++) measure_need(write(ring[i * pipes / tokens][1], token, TOKEN) == TOKEN, "write");
    usleep(100000); /* each pipe has seen a token or two */
    for (int round = 0; round < ROUNDS; round++) {
        long before = all_steps();
        measure_begin();
        usleep((useconds_t)ms * 1000);
        long done = all_steps() - before;
        measure_end(done ? (double)done : 1);
    }
    measure_print();
    _exit(0);
}
