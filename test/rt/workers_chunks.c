/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Chunks of all sizes, which threads of several workers take and give back while each worker counts, every 10 ms, what chunks are in
 * use. In the modes that check stacks, free chunks are on lists that all workers share.
 */
#include <pthread.h>
#include <sched.h>
#include <time.h>

#include "check.h"

#define THREADS 16
#define SECONDS 1

static struct timespec began;

static double seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)(now.tv_sec - began.tv_sec) + (double)(now.tv_nsec - began.tv_nsec) * 1e-9;
}

__attribute__((noinline)) static unsigned descend(unsigned depth, unsigned bytes) {
    volatile unsigned char frame[bytes];
    frame[0] = (unsigned char)depth;
    frame[bytes - 1] = (unsigned char)bytes;
    if (depth % 8 == 0) sched_yield();
    unsigned below = depth ? descend(depth - 1, bytes * 2654435761u % 9000 + 16) : 0;
    CHECK_EQUAL(frame[bytes - 1], (unsigned char)bytes);
    return below + frame[0];
}

static void *take(void *arg) {
    for (unsigned i = (unsigned)(unsigned long)arg; seconds() < SECONDS; i++) descend(500, i * 37 % 9000 + 16); /* long lists are taken down to the end */
    return NULL;
}

int main(void) {
    pthread_t thread[THREADS];
    clock_gettime(CLOCK_MONOTONIC, &began);
    for (unsigned long i = 0; i < THREADS; i++) CHECK_EQUAL(pthread_create(&thread[i], NULL, take, (void *)(i * 1000)), 0);
    for (int i = 0; i < THREADS; i++) CHECK_EQUAL(pthread_join(thread[i], NULL), 0);
    return 0;
}
