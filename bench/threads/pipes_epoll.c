/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * pipes.c as a hand-written event loop: one thread, one epoll set with the read end of each pipe, level-triggered, so that a token
 * costs one read and one write and 256 of them one epoll_wait. Where nothing waits, the loop does nothing else. Native only.
 *
 *     pipes_epoll [PIPES [MILLISECONDS [pipes|sockets]]]        defaults 100, 200 a round, pipes
 */
#include <stdint.h>
#include <sys/epoll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "measure.h"

#define ROUNDS 3
#define TOKEN 12
#define EVENTS 256

static int (*ring)[2];
static long pipes;
static int set;

/* Passes tokens on for `ms`; returns how many steps that were. */
static long loop(long ms) {
    struct epoll_event events[EVENTS];
    char token[TOKEN];
    long steps = 0;
    double end = measure_ns(CLOCK_MONOTONIC) + (double)ms * 1e6;
    for (unsigned rounds = 0; rounds % 64 || measure_ns(CLOCK_MONOTONIC) < end; rounds++) {
        int n = epoll_wait(set, events, EVENTS, -1);
        for (int i = 0; i < n; i++) {
            long at = (long)events[i].data.u64;
            measure_need(read(ring[at][0], token, TOKEN) == TOKEN, "read");
            measure_need(write(ring[(at + 1) % pipes][1], token, TOKEN) == TOKEN, "write");
        }
        steps += n;
    }
    return steps;
}

int main(int argc, char **argv) {
    char token[TOKEN] = "token";
    pipes = measure_argument(argc, argv, 1, 100);
    long ms = measure_argument(argc, argv, 2, 200), tokens = pipes < 4 ? 1 : pipes / 4 > 128 ? 128 : pipes / 4;
    int sockets = argc > 3 && strcmp(argv[3], "sockets") == 0;
    ring = calloc((size_t)pipes, sizeof *ring);
    set = epoll_create1(0);
    for (long i = 0; i < pipes; i++) {
        struct epoll_event event = {EPOLLIN, {.u64 = (uint64_t)i}};
        measure_need((sockets ? socketpair(AF_UNIX, SOCK_STREAM, 0, ring[i]) : pipe(ring[i])) == 0, "pipe");
        measure_need(epoll_ctl(set, EPOLL_CTL_ADD, ring[i][0], &event) == 0, "epoll_ctl");
    }
    for (long i = 0; i < tokens; i++) measure_need(write(ring[i * pipes / tokens][1], token, TOKEN) == TOKEN, "write");
    loop(100); /* each pipe has seen a token or two */
    for (int round = 0; round < ROUNDS; round++) {
        measure_begin();
        long steps = loop(ms);
        measure_end((double)steps);
    }
    measure_print();
    return 0;
}
