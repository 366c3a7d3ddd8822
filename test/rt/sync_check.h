/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * What the tests of rt/sync share: checks that say what failed where, a seeded generator whose seed is printed on failure, and
 * deadlines. The first argument of a test, if there is one, is the seed.
 */
#ifndef SYNC_CHECK_H
#define SYNC_CHECK_H

#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static unsigned long check_seed;

#define CHECK(condition) \
    do { \
        if (!(condition)) { \
            fprintf(stderr, "%s:%d: %s (seed %lu)\n", __FILE__, __LINE__, #condition, check_seed); \
            _exit(1); \
        } \
    } while (0)

#define CHECK_INT(expression, expected) \
    do { \
        long long check_got = (long long)(expression), check_want = (long long)(expected); \
        if (check_got != check_want) { \
            fprintf(stderr, "%s:%d: %s is %lld, not %lld (seed %lu)\n", __FILE__, __LINE__, #expression, check_got, check_want, \
                    check_seed); \
            _exit(1); \
        } \
    } while (0)

/* For calls that return -1 and set errno. */
#define CHECK_ERRNO(expression, expected) \
    do { \
        errno = 0; \
        CHECK_INT(expression, -1); \
        CHECK_INT(errno, expected); \
    } while (0)

static inline void check_start(int argc, char **argv, unsigned seconds) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    check_seed = argc > 1 ? strtoul(argv[1], NULL, 0) : (unsigned long)now.tv_nsec;
    alarm(seconds); /* a lost wake-up ends the test, not the patience of whoever waits for it */
}

/* splitmix64, one state for all threads: their order is part of the schedule that the seed decides. */
static inline uint64_t check_random(void) {
    static uint64_t state;
    if (!state) state = check_seed + 1;
    uint64_t z = state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static inline struct timespec check_in(clockid_t clock, long ms) {
    struct timespec t;
    clock_gettime(clock, &t);
    t.tv_sec += ms / 1000;
    t.tv_nsec += ms % 1000 * 1000000;
    if (t.tv_nsec >= 1000000000) {
        t.tv_nsec -= 1000000000;
        t.tv_sec++;
    } else if (t.tv_nsec < 0) {
        t.tv_nsec += 1000000000;
        t.tv_sec--;
    }
    return t;
}

static inline double check_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static inline pthread_t check_spawn(void *(*f)(void *), void *arg) {
    pthread_t t;
    CHECK_INT(pthread_create(&t, NULL, f, arg), 0);
    return t;
}

static inline void *check_join(pthread_t t) {
    void *result;
    CHECK_INT(pthread_join(t, &result), 0);
    return result;
}

#endif
