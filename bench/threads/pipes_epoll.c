/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * pipes.c as a hand-written event loop: one thread, one epoll set with the read end of each pipe, level-triggered, so that a token
 * costs one read and one write and 256 of them one epoll_wait. Where nothing waits, the loop does nothing else. Native only.
 *
 *     pipes_epoll [PIPES [MILLISECONDS [pipes|sockets]]]        defaults 100, 200 a round, pipes
 */
#include <stdint.h>
#include <sys/epoll.h>

#include "ring.h"

#define EVENTS 256

static int set;

/* Passes tokens on for `ms`; returns how many steps that were. */
static long loop(long ms) {
    struct epoll_event events[EVENTS];
    long steps = 0;
    double end = measure_ns(CLOCK_MONOTONIC) + (double)ms * 1e6;
    for (unsigned rounds = 0; rounds % 64 || measure_ns(CLOCK_MONOTONIC) < end; rounds++) {
        int n = epoll_wait(set, events, EVENTS, -1);
        for (int i = 0; i < n; i++) measure_need(ring_step((long)events[i].data.u64), "read or write");
        steps += n;
    }
    return steps;
}

int main(int argc, char **argv) {
    ring_make(argc, argv);
    set = epoll_create1(0);
    for (long i = 0; i < pipes; i++) {
        struct epoll_event event = {EPOLLIN, {.u64 = (uint64_t)i}};
        measure_need(epoll_ctl(set, EPOLL_CTL_ADD, ring[i][0], &event) == 0, "epoll_ctl");
    }
    ring_put_tokens();
    loop(100); /* each pipe has seen a token or two */
    for (int round = 0; round < ROUNDS; round++) {
        measure_begin();
        long steps = loop(round_ms);
        measure_end((double)steps);
    }
    measure_print();
    return 0;
}
