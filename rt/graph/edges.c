/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Counts and samples of the blocking graph, of each worker apart. While a way is being timed the table that capr__graph_note looks into is one that never
 * answers, so that the end of the way comes here without a test on each block. Which passage starts a sample is drawn at
 * random around a mean, since threads that take turns in a fixed order would always time the same one. Memory is mapped, never
 * malloc's: who blocks may hold the allocator's lock. Plain code.
 */
#include "graph.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "../proc/env.h"
#include "../proc/signals.h"
#include "../sched/sched.h"
#include "../stack/profile.h"
#include "check.h"
#include "dump.h"
#include "tables.h"
#include "workers.h"

#define EDGES_FIRST 256
#define EDGES_MAX (1u << 20)
#define PERIOD 128           /* passages between samples, on average: two clock reads and an update, 60 ns, are then half a ns each */
#define PERIOD_MOST 512      /* the same where they follow each other so fast that fewer are as many in a ms, */
#define OFTEN (1u << 21)     /* namely within so many cycles: less than a ms */
#define KNOWN 64             /* samples of an edge before there may be fewer */
#define WEIGHT (1.0f / 16)
#define SKEW 1024            /* units of 4096 cycles by which processors' clocks may differ at most: a ms */

struct capr_graph capr__graph;

/* The first worker's. */
static struct capr_worker_graph first_part;

/* Never answers. */
static struct capr_edge nothing = {.from = UINT32_MAX};

/* Passages to the next sample of `e`, of which one is due now. */
static uint32_t next_period(struct capr_worker_graph *g, struct capr_edge *e, uint64_t now) {
    if (e->between < PERIOD || now - e->due > OFTEN)
        e->between = PERIOD;
    else if (e->between < PERIOD_MOST && e->samples >= KNOWN)
        e->between *= 2;
    e->due = now;
    g->random ^= g->random << 13;
    g->random ^= g->random >> 7;
    g->random ^= g->random << 17;
    return e->between / 2 + (uint32_t)(g->random % e->between);
}

void *capr__graph_reserve(uint64_t bytes) {
    void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return p == MAP_FAILED ? NULL : p;
}

/* What lies between these is read by other workers as a whole or not at all (workers.c). On x86 neither is an instruction of its own. No
 * handler of the program's runs in between (proc/signal.c): it might jump away, or wait for the monitor, which who reads may have. */
static void begin_writing(struct capr_worker_graph *g) {
    capr__worker.spin_locks++;
    __atomic_store_n(&g->writing, g->writing + 1, __ATOMIC_RELAXED);
    __atomic_thread_fence(__ATOMIC_RELEASE);
}

static void end_writing(struct capr_worker_graph *g) {
    __atomic_store_n(&g->writing, g->writing + 1, __ATOMIC_RELEASE);
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    capr__worker.spin_locks--;
}

/* In one store, since nodes' averages are read without more. */
static void sample(struct capr_average *a, float value, uint32_t known) {
    struct capr_average now = {value, 0};
    if (known) {
        /* Few samples are weighed evenly, so that the first ones do not stay for long. */
        float weight = known < 15 ? 1.0f / (float)(known + 1) : WEIGHT, difference = value - a->mean;
        now.mean = a->mean + weight * difference;
        now.variance = (1 - weight) * (a->variance + weight * difference * difference);
    }
    uint64_t both;
    memcpy(&both, &now, sizeof both);
    __atomic_store_n((uint64_t *)a, both, __ATOMIC_RELAXED);
}

static struct capr_edge *find(struct capr_table *t, uint64_t word, uint32_t from) {
    uint64_t at = capr__edge_hash(word, from) & t->mask;
    while (t->edges[at].from != UINT32_MAX && (t->edges[at].word != word || t->edges[at].from != from)) at = (at + 1) & t->mask;
    return &t->edges[at];
}

static int grow(struct capr_worker_graph *g) {
    struct capr_table *old = g->table;
    uint64_t count = old ? (old->mask + 1) * 2 : EDGES_FIRST;
    struct capr_table *t = count > EDGES_MAX ? NULL : capr__graph_reserve(sizeof *t + count * (sizeof *t->edges + sizeof *t->kinds));
    if (!t) return 0;
    t->mask = count - 1;
    t->kinds = (struct capr_average(*)[CAPR_KINDS])(t->edges + count);
    for (uint64_t i = 0; i < count; i++) t->edges[i].from = UINT32_MAX;
    for (uint64_t i = 0; old && i <= old->mask; i++)
        if (old->edges[i].from != UINT32_MAX) *find(t, old->edges[i].word, old->edges[i].from) = old->edges[i];
    if (old) memcpy(t->kinds, old->kinds, g->edge_count * sizeof *t->kinds);
    __atomic_store_n(&g->table, t, __ATOMIC_RELEASE);
    return 1;
}

static struct capr_edge *edge_of(struct capr_worker_graph *g, uint64_t word, uint32_t from) {
    struct capr_table *t = g->table;
    struct capr_edge *e = find(t, word, from);
    if (e->from == from) {
        /* Later than at its own place: it takes turns with the one that is there, so that the busier of the two is found at once. */
        struct capr_edge *home = &t->edges[capr__edge_hash(word, from) & t->mask];
        if (e != home && !__atomic_load_n(&g->readers, __ATOMIC_RELAXED) && !((capr__edge_hash(home->word, home->from) ^ capr__edge_hash(word, from)) & t->mask)) {
            struct capr_edge other = *home;
            begin_writing(g);
            *home = *e;
            *e = other;
            end_writing(g);
            return home;
        }
        return e;
    }
    if (g->edge_count * 4 >= (t->mask + 1) * 3) {
        if (!grow(g)) return NULL;
        e = find(g->table, word, from);
    }
    uint32_t to = capr__node_of(word);
    if (to == UINT32_MAX) return NULL;
    begin_writing(g);
    *e = (struct capr_edge){.word = word, .from = from, .to = to, .until = 1, .period = 1, .number = g->edge_count++};
    end_writing(g);
    return e;
}

/* A moment, with two bits free for how far a wait is: 1 the thread waits, 2 it is ready. */
static uint32_t stamp_of(uint64_t cycles) { return (uint32_t)(cycles >> CAPR_STAMP_SHIFT & ~3ull); }

/* Bytes of the chunks that a thread holds. */
static uint64_t stack_bytes(const struct capr_thread *t) {
    uint64_t bytes = 0;
    for (const struct capr_chunk *c = t->chunk; c; c = c->prev) bytes += c->size;
    return bytes;
}

void capr__graph_sample_next(struct capr_worker *w) {
    if (!w->edges || w->armed) return;
    w->armed = 1;
    w->graph->before = w->use;
    w->edges = &nothing;
    w->edge_mask = 0;
    w->graph->since = capr__cycles();
}

/* A sample is of one way on one worker: it begins as the worker switches away here, and ends at the next block or yield on this worker, which
 * is that of the thread it switched to. Where that thread came from, and on which worker it blocked before, is the same to it: clock and
 * `use` are this worker's at both ends, and nobody else ran on it meanwhile. Where somebody did, or where a thread goes on in the
 * middle of a way of which the first part was elsewhere or before, the sample is dropped (sched/preempt_turn.c). */
void capr__graph_slow(uint64_t word, int parks) {
    struct capr_worker *w = &capr__worker;
    struct capr_worker_graph *g = w->graph;
    struct capr_thread *self = w->self;
    uint64_t now = capr__cycles();
    uint32_t armed = w->armed, due = capr__env.graph_check | capr__profiling;
    w->armed = 0;
    if (capr__profiling) {
        if (parks)
            capr__profile_waits(self);
        else if (word == CAPR_WORD_END)
            capr__profile_ends(self);
    }
    struct capr_edge *e = edge_of(g, word, self->node);
    w->edges = g->table->edges;
    w->edge_mask = g->table->mask;
    if (!e) {
        g->lost++;
        return;
    }
    begin_writing(g);
    /* Where capr__graph_quick found the edge it has counted down, to 0. */
    if (e->until) e->until--;
    if (!e->until) {
        e->counted += e->period;
        e->until = e->period = next_period(g, e, now);
        due = 1;
    }
    if (armed) {
        const int64_t *used = &w->use.heap, *before = &g->before.heap;
        struct capr_average *kinds = g->table->kinds[e->number];
        for (int i = 0; i < CAPR_USES; i++) sample(&e->use[i], (float)(used[i] - before[i]), e->samples);
        for (int i = 0; i < CAPR_KINDS; i++) sample(&kinds[i], (float)(used[CAPR_USES + i] - before[CAPR_USES + i]), e->samples);
        sample(&e->cpu, (float)(now - g->since), e->samples);
        e->samples++;
    }
    end_writing(g);
    if (capr__env.graph_check && word != CAPR_WORD_END) capr__check_chain(&capr__graph, &capr__graph.nodes[e->to]);
    if (armed && parks) {
        struct capr_node_seen *n = &g->seen[e->to];
        self->stamp = stamp_of(now) | 1;
        sample(&n->stack, (float)stack_bytes(self), n->stacks);
        n->stacks++;
    }
    self->node = e->to;
    if (due) capr__graph_sample_next(w);
}

/* From another processor's moment perhaps, whose clock may be ahead by a little. */
static uint32_t since_stamp(const struct capr_thread *t, uint32_t now) {
    uint32_t passed = now - (t->stamp & ~3u);
    return passed > UINT32_MAX - SKEW ? 0 : passed;
}

/* Waits are counted where they end: by the worker that makes the thread ready, turns by the one that it runs on again. */
void capr__graph_woken(struct capr_thread *t) {
    const struct capr_worker_graph *g = capr__worker.graph;
    uint32_t now = stamp_of(capr__cycles());
    if (!g || !g->seen || (t->stamp & 3) != 1)
        return; /* a worker that counts nothing, for want of memory, may wake another's thread */
    struct capr_node_seen *n = &g->seen[t->node];
    sample(&n->wait, (float)since_stamp(t, now), n->waits);
    n->waits++;
    t->stamp = now | 2;
}

void capr__graph_resumed(struct capr_thread *t) {
    struct capr_worker_graph *g = capr__worker.graph;
    uint32_t now = stamp_of(capr__cycles());
    if ((t->stamp & 3) == 2 && g && g->seen) {
        struct capr_node_seen *n = &g->seen[t->node];
        uint32_t waited = since_stamp(t, now);
        sample(&n->delay, (float)waited, n->delays);
        n->delays++;
        g->delay_cycles += (double)waited * (1 << CAPR_STAMP_SHIFT);
        g->delays++;
    }
    t->stamp = 0;
}

static struct capr_worker *worker;

static void asked(void) {
    __atomic_or_fetch(&capr__graph_wanted, CAPR_WANTED_FILE, __ATOMIC_RELAXED);
    __atomic_store_n(&worker->poll_at, 0, __ATOMIC_RELAXED);
}

/* Memory for what `g` counts; 0: there is none. */
static int furnish(struct capr_worker_graph *g) {
    if (!g->seen) g->seen = capr__graph_reserve(CAPR_NODES_MAX * sizeof *g->seen);
    if (!g->counted) g->counted = capr__graph_reserve(EDGES_MAX * sizeof *g->counted);
    if (!g->ways) g->ways = capr__graph_reserve(EDGES_MAX * sizeof *g->ways);
    return g->seen && g->counted && g->ways && (g->table || grow(g));
}

/* One that a fork has left behind: what it counted goes on with another worker. */
static struct capr_worker_graph *take_over(struct capr_worker *w) {
    for (struct capr_worker_graph *g = capr__graph_workers(); g; g = g->next) {
        struct capr_worker *nobody = NULL;
        if (__atomic_compare_exchange_n(&g->worker, &nobody, w, 0, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED)) return g;
    }
    return NULL;
}

static struct capr_worker_graph *new_part(struct capr_worker *w) {
    static uint32_t parts;
    uint64_t number = __atomic_add_fetch(&parts, 1, __ATOMIC_RELAXED);
    struct capr_worker_graph *g = number > 1 ? capr__graph_reserve(sizeof *g) : &first_part;
    if (!g) return NULL;
    g->worker = w;
    g->random = 0x2545f4914f6cdd1dull ^ number << 32;
    g->next = capr__graph_workers();
    while (!__atomic_compare_exchange_n(&capr__graph.workers, &g->next, g, 1, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
    }
    return g;
}

/* A worker that begins as the graph does may be given its table by both. */
static uint8_t beginning;

/* From its next block on the worker counts. */
static int begin_counting(struct capr_worker *w) {
    while (__atomic_exchange_n(&beginning, 1, __ATOMIC_ACQUIRE)) __builtin_ia32_pause();
    int furnished = w->edges || furnish(w->graph);
    if (furnished && !w->edges) {
        w->edge_mask = w->graph->table->mask;
        __atomic_store_n(&w->edges, w->graph->table->edges, __ATOMIC_RELEASE);
    }
    __atomic_store_n(&beginning, 0, __ATOMIC_RELEASE);
    return furnished ? 0 : ENOMEM;
}

int capr__graph_worker_init(struct capr_worker *w) {
    if (!w->graph) w->graph = take_over(w);
    if (!w->graph) w->graph = new_part(w);
    if (!w->graph) return ENOMEM;
    return capr__graph.start_ns ? begin_counting(w) : 0; /* off, or not begun */
}

void capr__graph_start(void) {
    struct capr_worker *w = &capr__worker;
    struct capr_graph *g = &capr__graph;
    if (g->nodes || capr__env.graph_off || !w->graph || !capr__tables_present()) return;
    if (!furnish(w->graph) || !capr__nodes_reserve()) return;
    capr__walk_prepare();
    worker = w;
    if (capr__env.dump_signal) capr__signal_own(capr__env.dump_signal, asked);
    g->start_cycles = capr__cycles();
    __atomic_store_n(&g->start_ns, capr__now(), __ATOMIC_SEQ_CST);
    /* The program has had one thread so far: a worker that there is besides has come to no block. */
    for (struct capr_worker_graph *part = capr__graph_workers(); part; part = part->next)
        if (part->worker) begin_counting(part->worker);
}

void capr__graph_forked(struct capr_worker *w) {
    struct capr_graph *g = &capr__graph;
    capr__graph_drop_sample(w);
    capr__nodes_forked();
    beginning = 0;
    for (const struct capr_thread *t = g->nodes ? capr__process.all : NULL; t; t = t->all_next)
        if (t != w->self) g->nodes[t->node].left++;
    for (struct capr_worker_graph *part = g->workers; part; part = part->next) {
        part->readers = 0;
        if (!part->worker || part->worker == w) continue;
        part->writing += part->writing & 1; /* its worker was at it */
        int64_t *use = &w->use.heap, *its = &part->worker->use.heap;
        for (int i = 0; i < CAPR_USES + CAPR_KINDS; i++) use[i] += its[i];
        part->worker = NULL;
    }
}
