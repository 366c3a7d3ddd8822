/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * What the stress tests share: a seed, which decides what each thread does and, as CAPRICCIO_SCHED=random, in which order they run. It
 * is printed, and CAPR_TEST_SEED=N runs the same again. An alarm ends a test that hangs.
 */
#ifndef CAPR_TEST_STRESS_H
#define CAPR_TEST_STRESS_H

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

#include "check.h"

static uint64_t stress_seed;

/* Starts the program again with the scheduler's seed set, unless that was done. */
static inline void stress_begin(char **argv) {
    const char *seed = getenv("CAPR_TEST_SEED");
    struct timespec now;
    char text[64];
    clock_gettime(CLOCK_REALTIME, &now);
    stress_seed = seed ? strtoull(seed, NULL, 10) : (uint64_t)(now.tv_sec * 1000 + now.tv_nsec / 1000000) % 1000000;
    if (!getenv("CAPRICCIO_SCHED")) {
        snprintf(text, sizeof text, "%llu", (unsigned long long)stress_seed);
        setenv("CAPR_TEST_SEED", text, 1);
        snprintf(text, sizeof text, "random:%llu", (unsigned long long)stress_seed);
        setenv("CAPRICCIO_SCHED", text, 1);
        execv("/proc/self/exe", argv);
    }
    printf("seed %llu\n", (unsigned long long)stress_seed);
    fflush(stdout);
    alarm(100);
}

/* A generator per thread, from the seed and the thread's number. */
static inline uint32_t stress_random(uint64_t *state) {
    *state = *state * 6364136223846793005ull + 1442695040888963407ull;
    return (uint32_t)(*state >> 33);
}

static inline uint64_t stress_state(uint64_t number) {
    uint64_t state = stress_seed * 0x9e3779b97f4a7c15ull + number;
    stress_random(&state);
    stress_random(&state);
    return state;
}

static inline void stress_pause(uint64_t *state) {
    uint32_t r = stress_random(state) % 64;
    if (r < 20)
        sched_yield();
    else if (r == 20)
        usleep(stress_random(state) % 300);
}

static inline struct timespec stress_soon(clockid_t clock, uint64_t *state) {
    struct timespec t;
    clock_gettime(clock, &t);
    t.tv_nsec += stress_random(state) % 2000000;
    if (t.tv_nsec >= 1000000000) {
        t.tv_nsec -= 1000000000;
        t.tv_sec++;
    }
    return t;
}

#endif
