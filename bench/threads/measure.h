/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Clocks and medians for the programs here. A program measures a few rounds and prints two figures, the medians of elapsed and of
 * processor time per operation in ns; `run` takes the program that capcc compiled and the native one by turns and divides. On one
 * core, and on a machine that others use too, processor time is what an idle machine's clock would have shown.
 */
#ifndef MEASURE_H
#define MEASURE_H

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define ROUNDS_MOST 64

static double measured_wall[ROUNDS_MOST], measured_cpu[ROUNDS_MOST], wall_begin, cpu_begin;
static int measured;

/* ns of `clock`. */
static inline double measure_ns(clockid_t clock) {
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static inline void measure_begin(void) {
    cpu_begin = measure_ns(CLOCK_PROCESS_CPUTIME_ID);
    wall_begin = measure_ns(CLOCK_MONOTONIC);
}

/* The end of a round of `operations`. */
static inline void measure_end(double operations) {
    double wall = measure_ns(CLOCK_MONOTONIC) - wall_begin, cpu = measure_ns(CLOCK_PROCESS_CPUTIME_ID) - cpu_begin;
    measured_wall[measured] = wall / operations;
    measured_cpu[measured++] = cpu / operations;
}

static inline int measure_order(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static inline void measure_print(void) {
    qsort(measured_wall, (size_t)measured, sizeof(double), measure_order);
    qsort(measured_cpu, (size_t)measured, sizeof(double), measure_order);
    printf("%.2f %.2f\n", measured_wall[measured / 2], measured_cpu[measured / 2]);
    fflush(stdout);
}

/* The number in argument `i`, or `otherwise`. Ends the program if it is none from 1 up. */
static inline long measure_argument(int argc, char **argv, int i, long otherwise) {
    long n = argc > i ? strtol(argv[i], NULL, 10) : otherwise;
    if (n < 1) {
        fprintf(stderr, "%s: error: %s: a number from 1 up\n", argv[0], argv[i]);
        exit(2);
    }
    return n;
}

/* Ends the program where a call failed, for example because no more threads can be had. */
static inline void measure_need(int ok, const char *what) {
    if (ok) return;
    fprintf(stderr, "error: %s failed\n", what);
    exit(3);
}

#endif
