/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Ways that take heap by known distributions, for bench/graph/sampling: each of the threads goes PASSAGES times from one block to the next and
 * takes, on the way, a number of bytes that is constant, even, mostly small, or that changes half-way. Prints for each way the mean and the
 * standard deviation of all that was taken, and of the last thousand.
 *
 *     sampled PASSAGES SEED
 */
#include <math.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define LAST 1000

static int passages;
static uint64_t seed;

struct sums {
    double n, sum, squares;
};
static struct sums whole[4], last[4];
static void *volatile taken; /* and never given back */

static double even(uint64_t *state) {
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (double)(*state >> 40) / (double)(1 << 24);
}

static size_t constant(uint64_t *s, int i) { return (void)s, (void)i, 1000; }
static size_t uniform(uint64_t *s, int i) { return (void)i, (size_t)(2000 * even(s)) + 1; }
static size_t skewed(uint64_t *s, int i) { return (void)i, (size_t)(-1000 * log(1 - even(s))) + 1; }
static size_t changing(uint64_t *s, int i) { return (size_t)((i < passages / 2 ? 500 : 1500) * 2 * even(s)) + 1; }

static void add(struct sums *s, double x) {
    s->n++;
    s->sum += x;
    s->squares += x * x;
}

/* Not inlined, so that each way has a name of its own. */
#define WAY(name, number)                                                                                                          \
    static __attribute__((noinline)) void *way_##name(void *arg) {                                                                 \
        uint64_t state = seed * 4 + number + 1;                                                                                    \
        for (int i = 0; i < passages; i++) {                                                                                       \
            size_t size = name(&state, i);                                                                                         \
            sched_yield();                                                                                                         \
            taken = malloc(size);                                                                                                  \
            add(&whole[number], (double)size);                                                                                     \
            if (i >= passages - LAST) add(&last[number], (double)size);                                                            \
        }                                                                                                                          \
        return arg;                                                                                                                \
    }
WAY(constant, 0)
WAY(uniform, 1)
WAY(skewed, 2)
WAY(changing, 3)

int main(int argc, char **argv) {
    static void *(*const ways[])(void *) = {way_constant, way_uniform, way_skewed, way_changing};
    static const char *const names[] = {"constant", "uniform", "skewed", "changing"};
    passages = argc > 1 ? atoi(argv[1]) : 0;
    seed = argc > 2 ? (uint64_t)atoll(argv[2]) : 1;
    if (passages < 1) {
        fprintf(stderr, "usage: sampled PASSAGES [SEED]\n");
        return 2;
    }
    pthread_t t[4];
    for (int i = 0; i < 4; i++)
        if (pthread_create(&t[i], NULL, ways[i], NULL)) return 1;
    for (int i = 0; i < 4; i++) pthread_join(t[i], NULL);
    for (int i = 0; i < 4; i++) {
        const struct sums *s[2] = {&whole[i], &last[i]};
        printf("%s", names[i]);
        for (int j = 0; j < 2; j++) printf(" %.3f %.3f", s[j]->sum / s[j]->n, sqrt(fmax(0, s[j]->squares / s[j]->n - (s[j]->sum / s[j]->n) * (s[j]->sum / s[j]->n))));
        printf("\n");
    }
    return 0;
}
