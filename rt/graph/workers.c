/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * See workers.h. A worker makes its `writing` odd while it changes more of an entry than the countdown, or moves one; who reads an entry
 * meanwhile reads it again. Entries move to and fro in the table while it is walked, so that one may be met twice or not at all: the
 * edge's number, which stays, says that. Nothing of libc's is called: the scheduler asks on the idle thread's stack.
 */
#include "workers.h"

#include <linux/sched.h>

#include "../io/syscalls.h"

#define LOOKS 4096 /* entries in one look at what was passed */
#define SPINS 1000 /* looks at what is being written until the kernel is asked to let its writer run: some us */

int64_t capr__use_of_all(int index) {
    int64_t sum = 0;
    for (const struct capr_worker_graph *g = capr__graph_workers(); g; g = g->next) {
        const struct capr_worker *w = __atomic_load_n(&g->worker, __ATOMIC_ACQUIRE);
        if (w) sum += __atomic_load_n(&w->use.heap + index, __ATOMIC_RELAXED);
    }
    return sum;
}

void capr__count_all(struct capr_counts *out) {
    *out = (struct capr_counts){0};
    for (const struct capr_worker_graph *g = capr__graph_workers(); g; g = g->next) {
        const struct capr_worker *w = __atomic_load_n(&g->worker, __ATOMIC_ACQUIRE);
        if (!w) continue;
        out->switches += __atomic_load_n(&w->count.switches, __ATOMIC_RELAXED);
        out->blocks += __atomic_load_n(&w->count.blocks, __ATOMIC_RELAXED);
        out->threads_created += __atomic_load_n(&w->count.threads_created, __ATOMIC_RELAXED);
        out->workers++;
    }
    out->threads = __atomic_load_n(&capr__process.live_threads, __ATOMIC_RELAXED);
}

void capr__delays_of_all(double *cycles, double *count) {
    static double cycles_before, count_before;
    double all_cycles = 0, all = 0;
    for (const struct capr_worker_graph *g = capr__graph_workers(); g; g = g->next) {
        all_cycles += g->delay_cycles;
        all += g->delays;
    }
    *cycles = all_cycles - cycles_before;
    *count = all - count_before;
    cycles_before = all_cycles;
    count_before = all;
}

/* Without a call of memcpy. */
static void copy_words(uint64_t *to, const uint64_t *from, uint32_t words) {
    for (uint32_t i = 0; i < words; i++) to[i] = __atomic_load_n(&from[i], __ATOMIC_RELAXED);
}

int capr__edge_read(const struct capr_worker_graph *g, const struct capr_table *t, uint64_t at, struct capr_edge *edge,
                    struct capr_average *kinds) {
    for (uint32_t tries = 1;; tries++) {
        uint32_t before = __atomic_load_n(&g->writing, __ATOMIC_ACQUIRE);
        copy_words((uint64_t *)edge, (const uint64_t *)&t->edges[at], sizeof *edge / sizeof(uint64_t));
        if (kinds && edge->from != UINT32_MAX && edge->number <= t->mask)
            copy_words((uint64_t *)kinds, (const uint64_t *)t->kinds[edge->number], CAPR_KINDS);
        __atomic_thread_fence(__ATOMIC_ACQUIRE);
        if (!(before & 1) && __atomic_load_n(&g->writing, __ATOMIC_RELAXED) == before) return edge->from != UINT32_MAX;
        __builtin_ia32_pause();
        if (tries % SPINS == 0) capr__sys1(SYS_sched_yield, 0);
    }
}

/* Two loads for an entry that nobody has passed, which most are in a large table. The count may be a moment old, or half of a new one: then it is
 * read as a whole. */
static int is_passed(const struct capr_worker_graph *g, const struct capr_table *t, const struct capr_edge *at) {
    if (__atomic_load_n(&at->from, __ATOMIC_RELAXED) == UINT32_MAX) return 0;
    uint32_t number = __atomic_load_n(&at->number, __ATOMIC_RELAXED);
    uint32_t count = (uint32_t)__atomic_load_n(&at->counted, __ATOMIC_RELAXED) + __atomic_load_n(&at->period, __ATOMIC_RELAXED) -
                     __atomic_load_n(&at->until, __ATOMIC_RELAXED);
    return number > t->mask || count != g->counted[number];
}

int capr__edges_passed(void (*one)(const struct capr_edge *e, uint32_t passed, uint32_t *way)) {
    static const struct capr_worker_graph *at; /* NULL: a new round begins */
    static uint64_t entry;
    const struct capr_worker_graph *g = at ? at : capr__graph_workers();
    for (uint32_t looks = 0; g; g = g->next, entry = 0) {
        const struct capr_table *t = __atomic_load_n(&g->table, __ATOMIC_ACQUIRE);
        for (; t && entry <= t->mask; entry++) {
            struct capr_edge e;
            if (looks++ == LOOKS) {
                at = g;
                return 0;
            }
            if (!is_passed(g, t, &t->edges[entry]) || !capr__edge_read(g, t, entry, &e, NULL)) continue;
            uint32_t count = (uint32_t)capr__edge_count(&e), passed = count - g->counted[e.number];
            g->counted[e.number] = count;
            if (passed) one(&e, passed, &g->ways[e.number]);
        }
    }
    at = NULL;
    return 1;
}

struct capr_average capr__average_of_both(struct capr_average a, double of_a, struct capr_average b, double of_b) {
    double all = of_a + of_b;
    if (!(all > 0)) return a;
    double part_a = of_a / all, part_b = of_b / all, between = (double)a.mean - (double)b.mean;
    return (struct capr_average){(float)(part_a * a.mean + part_b * b.mean),
                                 (float)(part_a * a.variance + part_b * b.variance + part_a * part_b * between * between)};
}
