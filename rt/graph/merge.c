/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * One graph out of all workers', for who writes it: counts are added up; means and deviations are put together as if the samples had been
 * drawn from one lot, in which each worker's ways are as many as were gone there. A worker copies, any kernel thread merges. Plain code.
 */
#include <string.h>
#include <sys/mman.h>

#include "workers.h"

/* Of a table: an entry may be missed that was moved as this began, or put into a larger table; more are never needed but where a worker
 * stands still in the middle. */
#define WALKS 1000

static void *reserve(uint64_t bytes) {
    void *p = mmap(NULL, bytes ? bytes : 1, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return p == MAP_FAILED ? NULL : p;
}

static void free_mapping(void *p, uint64_t bytes) {
    if (p) munmap(p, bytes ? bytes : 1);
}

void capr__merged_free(struct capr_merged *m) {
    free_mapping(m->edges, m->room * sizeof *m->edges);
    free_mapping(m->seen, m->node_count * sizeof *m->seen);
    *m = (struct capr_merged){0};
}

/* The first `count` edges of one worker, by their numbers; `from` UINT32_MAX: not met. */
static void copy_edges(struct capr_worker_graph *g, struct capr_merged_edge *out, uint64_t count) {
    uint64_t met = 0;
    for (uint64_t i = 0; i < count; i++) out[i].from = UINT32_MAX;
    __atomic_add_fetch(&g->readers, 1, __ATOMIC_SEQ_CST);
    for (int walk = 0; walk < WALKS && met < count; walk++) {
        const struct capr_table *t = __atomic_load_n(&g->table, __ATOMIC_ACQUIRE);
        for (uint64_t i = 0; t && i <= t->mask; i++) {
            struct capr_edge e;
            struct capr_average kinds[CAPR_KINDS];
            if (!capr__edge_read(g, t, i, &e, kinds) || e.number >= count) continue;
            struct capr_merged_edge *to = &out[e.number];
            met += to->from == UINT32_MAX;
            *to = (struct capr_merged_edge){.from = e.from, .to = e.to, .samples = e.samples, .count = capr__edge_count(&e), .cpu = e.cpu};
            memcpy(to->use, e.use, sizeof to->use);
            memcpy(to->kinds, kinds, sizeof to->kinds);
        }
    }
    __atomic_sub_fetch(&g->readers, 1, __ATOMIC_RELEASE);
}

static void add_seen(struct capr_node_seen *to, const struct capr_node_seen *from) {
    to->wait = capr__average_of_both(to->wait, to->waits, from->wait, from->waits);
    to->delay = capr__average_of_both(to->delay, to->delays, from->delay, from->delays);
    to->stack = capr__average_of_both(to->stack, to->stacks, from->stack, from->stacks);
    to->waits += from->waits;
    to->delays += from->delays;
    to->stacks += from->stacks;
    to->made += from->made;
}

/* For `count` edges more; where they lie may change. */
static int make_room(struct capr_merged *m, uint64_t count) {
    uint64_t bytes = (m->edge_count + count) * sizeof *m->edges;
    if (!count) return 1;
    void *p = m->edges ? mremap(m->edges, m->room * sizeof *m->edges, bytes, MREMAP_MAYMOVE) : reserve(bytes);
    if (!p || p == MAP_FAILED) return 0;
    m->edges = p;
    m->room = m->edge_count + count;
    return 1;
}

int capr__copy_all(struct capr_merged *out) {
    *out = (struct capr_merged){0};
    /* Edges that are made meanwhile have higher numbers, and are left out; the nodes are counted after, so that those of all edges are there. */
    for (struct capr_worker_graph *g = capr__graph_workers(); g; g = g->next) {
        uint64_t count = __atomic_load_n(&g->edge_count, __ATOMIC_ACQUIRE);
        if (!make_room(out, count)) {
            capr__merged_free(out);
            return 0;
        }
        copy_edges(g, out->edges + out->edge_count, count);
        out->edge_count += count;
        out->lost += g->lost;
    }
    out->node_count = capr__node_count();
    out->seen = reserve(out->node_count * sizeof *out->seen);
    for (const struct capr_worker_graph *g = capr__graph_workers(); out->seen && g; g = g->next)
        for (uint32_t i = 0; g->seen && i < out->node_count; i++) add_seen(&out->seen[i], &g->seen[i]);
    if (out->seen) return 1;
    capr__merged_free(out);
    return 0;
}

static void add_edge(struct capr_merged_edge *to, const struct capr_merged_edge *from) {
    /* What one of them has not sampled it does not know. */
    double of_to = to->samples ? (double)to->count : 0, of_from = from->samples ? (double)from->count : 0;
    to->cpu = capr__average_of_both(to->cpu, of_to, from->cpu, of_from);
    for (int i = 0; i < CAPR_USES; i++) to->use[i] = capr__average_of_both(to->use[i], of_to, from->use[i], of_from);
    for (int i = 0; i < CAPR_KINDS; i++) to->kinds[i] = capr__average_of_both(to->kinds[i], of_to, from->kinds[i], of_from);
    to->count += from->count;
    to->samples += from->samples;
}

int capr__merge(struct capr_merged *m) {
    uint64_t size = 16;
    while (size < m->edge_count * 2) size *= 2;
    uint32_t *index = reserve(size * sizeof *index); /* number of an edge plus 1 */
    uint64_t kept = 0;
    if (!index) return 0;
    for (uint64_t i = 0; i < m->edge_count; i++) {
        const struct capr_merged_edge *e = &m->edges[i];
        if (e->from == UINT32_MAX) continue;
        uint64_t at = capr__edge_hash(e->to, e->from) & (size - 1);
        while (index[at] && (m->edges[index[at] - 1].from != e->from || m->edges[index[at] - 1].to != e->to)) at = (at + 1) & (size - 1);
        if (index[at]) {
            add_edge(&m->edges[index[at] - 1], e);
            continue;
        }
        m->edges[kept++] = *e;
        index[at] = (uint32_t)kept;
    }
    m->edge_count = kept;
    free_mapping(index, size * sizeof *index);
    return 1;
}
