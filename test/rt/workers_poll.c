/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * poll in several workers: each thread of a ring waits by poll, for one descriptor or for two, then passes the byte on. Between poll's look
 * and its wait another worker takes the event; where that one was lost, nobody else will ever come. An alarm ends a ring that stands.
 */
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>

#include "check.h"

#define THREADS 24
#define ROUNDS 1500

static int ends[THREADS][2], quiet[2];

static void *pass(void *arg) {
    long me = (long)arg;
    char byte = 0;
    for (int i = 0; i < ROUNDS; i++) {
        int from = ends[me][0], to = ends[(me + 1) % THREADS][1];
        struct pollfd p[2] = {{.fd = from, .events = POLLIN}, {.fd = quiet[0], .events = POLLIN}};
        if (me == 0) CHECK_EQUAL(write(to, &byte, 1), 1);
        CHECK_EQUAL(poll(p, 1 + i % 2, -1), 1);
        CHECK_EQUAL(read(from, &byte, 1), 1);
        if (me) CHECK_EQUAL(write(to, &byte, 1), 1);
    }
    return NULL;
}

int main(void) {
    pthread_t t[THREADS];
    alarm(100);
    CHECK_EQUAL(pipe(quiet), 0);
    for (int i = 0; i < THREADS; i++) CHECK_EQUAL(i % 2 ? pipe(ends[i]) : socketpair(AF_UNIX, SOCK_STREAM, 0, ends[i]), 0);
    for (long i = 0; i < THREADS; i++) CHECK_EQUAL(pthread_create(&t[i], NULL, pass, (void *)i), 0);
    for (int i = 0; i < THREADS; i++) CHECK_EQUAL(pthread_join(t[i], NULL), 0);
    return 0;
}
