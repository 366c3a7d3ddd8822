/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The blocking graph. A node is a place where threads block or yield: the chain of calls that leads there, told by the thread's context
 * word (passes/ContextGraph.h). An edge is a thread's way from one such place to the next. What every block pays is in this
 * file: one look into a table, and a countdown. Times are sampled: when an edge's countdown ends, the way that the next thread
 * goes is timed as a whole (edges.c), since reading the clock twice would cost more than the switch.
 *
 *   note -> edges.c (counts, samples, new edges) -> walk.c (the calls behind a new word)
 *                                  dump.c (snapshot as JSON, DOT) -> decode.c (names, files, lines)
 */
#ifndef CAPR_GRAPH_H
#define CAPR_GRAPH_H

#include "../layout.h"

#define CAPR_NODES_MAX 65536 /* chains; a program has hundreds. Recursion through pointers may make more: these are counted as lost */
#define CAPR_CHAIN_MAX 256  /* return addresses that are kept of one chain, libraries' and the runtime's among them; functions of one */
#define CAPR_STAMP_SHIFT 12  /* waits are measured in 4096 cycles: 32 bits of them are 1.6 hours */
#define CAPR_NODE_START 0  /* where a thread is that has not blocked yet */
#define CAPR_NODE_END 1    /* where one is that has ended */
#define CAPR_WORD_END UINT64_MAX

/* Exponentially weighted mean and variance: one sample counts a sixteenth of what is known. */
struct capr_average {
    float mean, variance;
};

/* What threads take and give back on an edge: heap bytes, descriptors, threads, then the program's own resources. */
enum { CAPR_USE_HEAP, CAPR_USE_FILES, CAPR_USE_THREADS, CAPR_USE_NAMED, CAPR_USES = CAPR_USE_NAMED + CAPR_NAMED };
static_assert(sizeof(struct capr_use) == CAPR_USES * sizeof(int64_t), "read as an array");

/* Two cache lines, of which a block touches the first. Owner: the worker. */
struct capr_edge {
    uint64_t word;            /* of the node where it ends */
    uint32_t from, to;        /* nodes; from UINT32_MAX: a free entry */
    uint32_t until, period;   /* countdown to the next sample; passages that it stands for */
    uint64_t counted;         /* passages before this countdown */
    uint32_t samples, seen;   /* seen: low bits of the count at the scheduler's last look */
    struct capr_average cpu;  /* cycles of the time stamp counter from resumption to the next block */
    struct capr_average use[CAPR_USES];
    uint64_t unused[3];
};
static_assert(sizeof(struct capr_edge) == 128, "two cache lines");

static inline uint64_t capr__edge_count(const struct capr_edge *e) { return e->counted + e->period - e->until; }

struct capr_node {
    uint64_t word;
    uint32_t frames, frame_count; /* its calls: index among the return addresses that walk.c noted, innermost first */
    struct capr_average wait;     /* units of 4096 cycles from the block until somebody makes the thread ready */
    struct capr_average delay;    /* the same until it runs */
    struct capr_average stack;    /* bytes of chunks that a thread holds there */
    uint32_t waits, stacks;       /* samples */
    uint64_t left;                /* threads that were here when a fork left them behind */
};

/* A worker's graph. Counters are the worker's own; nodes have the same numbers everywhere. */
struct capr_graph {
    struct capr_edge *edges;      /* open addressing; NULL: off */
    uint64_t edge_mask, edge_count;
    uint64_t lost;                /* blocks that found no room in the table */
    struct capr_node *nodes;      /* CAPR_NODES_MAX of them reserved */
    uint32_t node_count;
    void **frames;                /* return addresses, all nodes' */
    uint32_t frame_count;
    uint64_t since;               /* cycles: when the way that is being timed began */
    struct capr_use before;       /* use when it began */
    uint64_t start_cycles, start_ns; /* when the graph began, by both clocks */
    double ns_per_cycle;          /* since then; the scheduler keeps it up to date */
    uint64_t made_before;         /* threads that the parent's had made, up to the fork */
    double delay_cycles, delays;  /* sum and number of the waits for a turn that were sampled since the scheduler looked */
};
extern CAPR_HIDDEN struct capr_graph capr__graph;

/* Begins, with the first pthread_create; does nothing when it is on, or switched off. Plain code. */
CAPR_HIDDEN void capr__graph_start(void);

/* In the child of a fork, before it forgets its parent's threads: these are nowhere now, counts go on. */
CAPR_HIDDEN void capr__graph_forked(struct capr_worker *w);

/* What capr__graph_note does not find at first sight, and what is sampled. Plain code. */
CAPR_HIDDEN void capr__graph_slow(uint64_t word, int parks);

/* For a thread whose wait is sampled: somebody made it ready; it runs again. Plain code. */
CAPR_HIDDEN void capr__graph_woken(struct capr_thread *t);
CAPR_HIDDEN void capr__graph_resumed(struct capr_thread *t);

static inline uint64_t capr__cycles(void)
{
    uint32_t low, high;
    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    return (uint64_t)high << 32 | low;
}

static inline uint64_t capr__edge_hash(uint64_t word, uint32_t from) { return (word ^ (uint64_t)from << 32) * 0xd6e8feb86659fd93ull >> 40; }

/* True where the way that ends here is counted with this; else capr__graph_slow has to. */
static inline int capr__graph_quick(struct capr_worker *w, struct capr_thread *self)
{
    struct capr_edge *e = w->edges;
    if (!e)
        return 1;
    uint64_t word = w->context;
    uint32_t from = self->node;
    e += capr__edge_hash(word, from) & w->edge_mask;
    if (__builtin_expect(e->word != word || e->from != from || --e->until == 0, 0))
        return 0;
    self->node = e->to;
    return 1;
}

/* The running thread is about to block (`parks`), to yield or to end. */
static inline void capr__graph_note(struct capr_worker *w, struct capr_thread *self, int parks)
{
    if (!capr__graph_quick(w, self))
        capr__graph_slow(w->context, parks);
}

/* The thread whose way is being timed leaves it half-way, and others will run meanwhile. Keeps its node. */
static inline void capr__graph_drop_sample(struct capr_worker *w)
{
    if (!w->armed)
        return;
    w->armed = 0;
    w->edges = capr__graph.edges;
    w->edge_mask = capr__graph.edge_mask;
}

/* The idle thread's own time is nobody's. */
static inline void capr__graph_restart_sample(void)
{
    if (capr__worker.armed)
        capr__graph.since = capr__cycles();
}

/* walk.c: the return addresses of the running thread, innermost first; at most `most`, with NULL for those left out. Plain code. */
CAPR_HIDDEN uint32_t capr__walk(void **frames, uint32_t most);
CAPR_HIDDEN void capr__walk_prepare(void);

#endif
