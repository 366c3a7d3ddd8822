/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * What pipes.c and pipes_epoll.c measure: a ring of pipes or pairs of sockets, and tokens of 12 bytes that go round it, a quarter as
 * many as pipes, at most 128.
 */
#ifndef RING_H
#define RING_H

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "measure.h"

#define ROUNDS 3
#define TOKEN 12

static int (*ring)[2]; /* read and write ends */
static long pipes;
static long round_ms;

/* Arguments: [PIPES [MILLISECONDS [pipes|sockets]]], by default 100, 200 a round, pipes. */
static inline void ring_make(int argc, char **argv) {
    pipes = measure_argument(argc, argv, 1, 100);
    round_ms = measure_argument(argc, argv, 2, 200);
    int sockets = argc > 3 && strcmp(argv[3], "sockets") == 0;
    ring = calloc((size_t)pipes, sizeof *ring);
    for (long i = 0; i < pipes; i++) measure_need((sockets ? socketpair(AF_UNIX, SOCK_STREAM, 0, ring[i]) : pipe(ring[i])) == 0, "pipe");
}

static inline void ring_put_tokens(void) {
    char token[TOKEN] = "token";
    long tokens = pipes < 4 ? 1 : pipes / 4 > 128 ? 128 : pipes / 4;
    for (long i = 0; i < tokens; i++) measure_need(write(ring[i * pipes / tokens][1], token, TOKEN) == TOKEN, "write");
}

/* Takes the token that is in pipe `i` one step on. Waits for it. False once a call failed. */
static inline int ring_step(long i) {
    char token[TOKEN];
    return read(ring[i][0], token, TOKEN) == TOKEN && write(ring[(i + 1) % pipes][1], token, TOKEN) == TOKEN;
}

#endif
