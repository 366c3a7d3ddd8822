/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Counts and samples of the blocking graph. While a way is being timed the table that capr__graph_note looks into is one that never
 * answers, so that the end of the way comes here without a test on each block. Which passage starts a sample is drawn at
 * random around a mean, since threads that take turns in a fixed order would always time the same one. Memory is mapped, never
 * malloc's: who blocks may hold the allocator's lock. Plain code.
 */
#include "graph.h"

#include <string.h>
#include <sys/mman.h>

#include "../proc/env.h"
#include "../proc/signals.h"
#include "../sched/sched.h"
#include "check.h"
#include "dump.h"
#include "tables.h"

#define FRAMES_MAX (1u << 21)/* 32 for each of CAPR_NODES_MAX */
#define EDGES_FIRST 256
#define EDGES_MAX (1u << 20)
#define PERIOD 128           /* passages between samples, on average: two clock reads and an update, 60 ns, are then half a ns each */
#define WEIGHT (1.0f / 16)

struct capr_graph capr__graph;

/* Never answers. */
static struct capr_edge nothing = {.from = UINT32_MAX};

/* Node numbers by word. */
static uint32_t *by_word;
#define BY_WORD (CAPR_NODES_MAX * 2)

static uint64_t random_state = 0x2545f4914f6cdd1dull;

static uint32_t next_period(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return PERIOD / 2 + (uint32_t)(random_state % PERIOD);
}

static void *reserve(uint64_t bytes)
{
    void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return p == MAP_FAILED ? NULL : p;
}

static void sample(struct capr_average *a, float value, uint32_t known)
{
    if (!known) {
        *a = (struct capr_average){value, 0};
        return;
    }
    /* Few samples are weighed evenly, so that the first ones do not stay for long. */
    float weight = known < 15 ? 1.0f / (float)(known + 1) : WEIGHT, difference = value - a->mean;
    a->mean += weight * difference;
    a->variance = (1 - weight) * (a->variance + weight * difference * difference);
}

static uint32_t node_of(struct capr_graph *g, uint64_t word)
{
    uint64_t at = capr__edge_hash(word, 0) % BY_WORD;
    for (; by_word[at]; at = (at + 1) % BY_WORD)
        if (g->nodes[by_word[at]].word == word)
            return by_word[at];
    if (g->node_count == CAPR_NODES_MAX)
        return UINT32_MAX;
    struct capr_node *n = &g->nodes[g->node_count];
    n->word = word;
    n->frames = g->frame_count;
    uint32_t most = FRAMES_MAX - g->frame_count;
    n->frame_count = word == CAPR_WORD_END ? 0 : capr__walk(g->frames + g->frame_count, most < CAPR_CHAIN_MAX ? most : CAPR_CHAIN_MAX);
    g->frame_count += n->frame_count;
    by_word[at] = g->node_count;
    return g->node_count++;
}

static struct capr_edge *find(struct capr_edge *edges, uint64_t mask, uint64_t word, uint32_t from)
{
    uint64_t at = capr__edge_hash(word, from) & mask;
    while (edges[at].from != UINT32_MAX && (edges[at].word != word || edges[at].from != from))
        at = (at + 1) & mask;
    return &edges[at];
}

static int grow(struct capr_graph *g)
{
    uint64_t count = g->edges ? (g->edge_mask + 1) * 2 : EDGES_FIRST;
    struct capr_edge *edges = count > EDGES_MAX ? NULL : reserve(count * sizeof *edges);
    if (!edges)
        return 0;
    for (uint64_t i = 0; i < count; i++)
        edges[i].from = UINT32_MAX;
    for (uint64_t i = 0; g->edges && i <= g->edge_mask; i++)
        if (g->edges[i].from != UINT32_MAX)
            *find(edges, count - 1, g->edges[i].word, g->edges[i].from) = g->edges[i];
    if (g->edges)
        munmap(g->edges, (g->edge_mask + 1) * sizeof *edges);
    g->edges = edges;
    g->edge_mask = count - 1;
    return 1;
}

static struct capr_edge *edge_of(struct capr_graph *g, uint64_t word, uint32_t from)
{
    struct capr_edge *e = find(g->edges, g->edge_mask, word, from);
    if (e->from == from) {
        /* Later than at its own place: it takes turns with the one that is there, so that the busier of the two is found at once. */
        struct capr_edge *home = &g->edges[capr__edge_hash(word, from) & g->edge_mask];
        if (e != home && !((capr__edge_hash(home->word, home->from) ^ capr__edge_hash(word, from)) & g->edge_mask)) {
            struct capr_edge other = *home;
            *home = *e;
            *e = other;
            return home;
        }
        return e;
    }
    if (g->edge_count * 4 >= (g->edge_mask + 1) * 3) {
        if (!grow(g))
            return NULL;
        e = find(g->edges, g->edge_mask, word, from);
    }
    uint32_t to = node_of(g, word);
    if (to == UINT32_MAX)
        return NULL;
    *e = (struct capr_edge){.word = word, .from = from, .to = to, .until = 1, .period = 1};
    g->edge_count++;
    return e;
}

/* A moment, with two bits free for how far a wait is: 1 the thread waits, 2 it is ready. */
static uint32_t stamp_of(uint64_t cycles) { return (uint32_t)(cycles >> CAPR_STAMP_SHIFT & ~3ull); }

/* Bytes of the chunks that a thread holds. */
static uint64_t stack_bytes(const struct capr_thread *t)
{
    uint64_t bytes = 0;
    for (const struct capr_chunk *c = t->chunk; c; c = c->prev)
        bytes += c->size;
    return bytes;
}

void capr__graph_slow(uint64_t word, int parks)
{
    struct capr_worker *w = &capr__worker;
    struct capr_graph *g = &capr__graph;
    struct capr_thread *self = w->self;
    uint64_t now = capr__cycles();
    uint32_t armed = w->armed, due = capr__env.graph_check;
    w->armed = 0;
    struct capr_edge *e = edge_of(g, word, self->node);
    w->edges = g->edges;
    w->edge_mask = g->edge_mask;
    if (!e) {
        g->lost++;
        return;
    }
    /* Where capr__graph_quick found the edge it has counted down, to 0. */
    if (e->until)
        e->until--;
    if (!e->until) {
        e->counted += e->period;
        e->until = e->period = next_period();
        due = 1;
    }
    struct capr_node *n = &g->nodes[e->to];
    if (capr__env.graph_check && word != CAPR_WORD_END)
        capr__check_chain(g, n);
    if (armed) {
        const int64_t *used = &w->use.heap, *before = &g->before.heap;
        for (int i = 0; i < CAPR_USES; i++)
            sample(&e->use[i], (float)(used[i] - before[i]), e->samples);
        sample(&e->cpu, (float)(now - g->since), e->samples);
        e->samples++;
        if (parks) {
            self->stamp = stamp_of(now) | 1;
            sample(&n->stack, (float)stack_bytes(self), n->stacks);
            n->stacks++;
        }
    }
    self->node = e->to;
    if (due) {
        w->armed = 1;
        g->before = w->use;
        w->edges = &nothing;
        w->edge_mask = 0;
        g->since = capr__cycles();
    }
}

void capr__graph_woken(struct capr_thread *t)
{
    struct capr_node *n = &capr__graph.nodes[t->node];
    uint32_t now = stamp_of(capr__cycles());
    if ((t->stamp & 3) == 1) {
        sample(&n->wait, (float)(now - (t->stamp & ~3u)), n->waits);
        t->stamp = now | 2;
    }
}

void capr__graph_resumed(struct capr_thread *t)
{
    struct capr_node *n = &capr__graph.nodes[t->node];
    uint32_t now = stamp_of(capr__cycles());
    if ((t->stamp & 3) == 2) {
        sample(&n->delay, (float)(now - (t->stamp & ~3u)), n->waits);
        n->waits++;
        capr__graph.delay_cycles += (double)(now - (t->stamp & ~3u)) * (1 << CAPR_STAMP_SHIFT);
        capr__graph.delays++;
    }
    t->stamp = 0;
}

static struct capr_worker *worker;

static void asked(void)
{
    __atomic_or_fetch(&capr__graph_wanted, CAPR_WANTED_FILE, __ATOMIC_RELAXED);
    __atomic_store_n(&worker->poll_at, 0, __ATOMIC_RELAXED);
}

void capr__graph_start(void)
{
    struct capr_worker *w = &capr__worker;
    struct capr_graph *g = &capr__graph;
    if (g->edges || capr__env.graph_off || !capr__tables_present())
        return;
    g->nodes = reserve(CAPR_NODES_MAX * sizeof *g->nodes);
    g->frames = reserve(FRAMES_MAX * sizeof *g->frames);
    by_word = reserve(BY_WORD * sizeof *by_word);
    if (!g->nodes || !g->frames || !by_word || !grow(g))
        return;
    g->node_count = 1; /* CAPR_NODE_START, which no word leads to */
    node_of(g, CAPR_WORD_END);
    capr__walk_prepare();
    worker = w;
    if (capr__env.dump_signal)
        capr__signal_own(capr__env.dump_signal, asked);
    g->start_cycles = capr__cycles();
    g->start_ns = capr__now();
    w->edges = g->edges;
    w->edge_mask = g->edge_mask;
}

void capr__graph_forked(struct capr_worker *w)
{
    w->armed = 0;
    if (!w->edges)
        return;
    capr__graph.made_before += w->count.threads_created;
    for (const struct capr_thread *t = capr__process.all; t; t = t->all_next)
        if (t != w->self)
            capr__graph.nodes[t->node].left++;
}
