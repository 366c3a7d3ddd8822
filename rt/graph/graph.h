/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The blocking graph. A node is a place where threads block or yield: the chain of calls that leads there, told by the thread's context
 * word (passes/ContextGraph.h). An edge is a thread's way from one such place to the next. What every block pays is in this
 * file: one look into a table, and a countdown. Times are sampled: when an edge's countdown ends, the way that the next thread
 * goes is timed as a whole (edges.c), since reading the clock twice would cost more than the switch.
 *
 *   note -> edges.c (counts, samples, new edges) -> nodes.c (new words) -> walk.c (the calls behind one)
 *           workers.c (all workers' as one) -> dump.c (snapshot as JSON, DOT) -> decode.c (names, files, lines)
 *
 * Each worker has edges and averages of its own; nodes are all workers'.
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
static_assert(sizeof(struct capr_use) == (CAPR_USES + CAPR_KINDS) * sizeof(int64_t), "read as an array");

/* Two cache lines, of which a block touches the first. Owner: the worker whose table it is in. */
struct capr_edge {
    uint64_t word;            /* of the node where it ends */
    uint32_t from, to;        /* nodes; from UINT32_MAX: a free entry */
    uint32_t until, period;   /* countdown to the next sample; passages that it stands for */
    uint64_t counted;         /* passages before this countdown */
    uint32_t samples;
    uint32_t number;          /* in its worker's table, by age: entries move, their numbers stay */
    struct capr_average cpu;  /* cycles of the time stamp counter from resumption to the next block */
    struct capr_average use[CAPR_USES];
    uint64_t due;             /* cycles: when a countdown ended last */
    uint32_t between;         /* passages from one sample to the next, on average */
    uint32_t unused[3];
};
static_assert(sizeof(struct capr_edge) == 128, "two cache lines");

static inline uint64_t capr__edge_count(const struct capr_edge *e) { return e->counted + e->period - e->until; }

/* A place. The same numbers everywhere; written once, by the worker that came there first, before node_count says that it is there. */
struct capr_node {
    uint64_t word;                /* of a start routine: what the node is called by (nodes.c), which is no context word */
    uint32_t frames, frame_count; /* its calls: index among the return addresses that walk.c noted, innermost first */
    uint64_t start;               /* address of the start routine whose threads have not blocked yet; 0: another node */
    const char *place;            /* of such a routine, as tables.h has it */
    uint64_t left;                /* threads that were here when a fork left them behind */
};

/* What one worker has seen of a node. */
struct capr_node_seen {
    struct capr_average wait;     /* units of 4096 cycles from the block until somebody makes the thread ready */
    struct capr_average delay;    /* the same until it runs */
    struct capr_average stack;    /* bytes of chunks that a thread holds there */
    uint32_t waits, delays, stacks; /* samples */
    uint32_t unused;
    uint64_t made, made_known;    /* threads that began here; of which the scheduler knows */
};

/* Open addressing. One that has grown too small stays where it is, for those who read it; all of these together are smaller than the last. */
struct capr_table {
    uint64_t mask;
    struct capr_average (*kinds)[CAPR_KINDS]; /* descriptors that an edge takes, by kind; by the edge's number */
    uint64_t unused[14];                      /* so that edges begin on a cache line */
    struct capr_edge edges[];
};
static_assert(sizeof(struct capr_table) == 128, "edges are on cache lines");

/* One worker's part. Written by it alone, and without locks; others read it by workers.h. */
struct capr_worker_graph {
    struct capr_table *table;     /* NULL: the graph is off */
    uint32_t edge_count;
    uint32_t writing;             /* odd while entries of the table change in more than their countdown */
    uint32_t readers;             /* who look for every entry: none changes its place meanwhile */
    struct capr_node_seen *seen;  /* by node, CAPR_NODES_MAX reserved */
    uint64_t lost;                /* blocks that found no room in the table */
    uint64_t since;               /* cycles: when the way that is being timed began */
    struct capr_use before;       /* use when it began */
    uint64_t random;              /* draws the next sample */
    double delay_cycles, delays;  /* sum and number of the waits for a turn that were sampled */
    uint64_t routine;             /* start routine of the thread that it made last, */
    uint32_t routine_node;        /* and its node */
    uint64_t routine_next;        /* what the next one is to be known by, where that is no routine of the program's; else 0 */
    uint32_t *counted, *ways;     /* the scheduler's, by an edge's number: low bits of its count at the last look; what it is called there */
    struct capr_worker *worker;   /* NULL: a fork left it behind */
    struct capr_worker_graph *next; /* in capr__graph.workers. Never taken out */
};

/* What all workers share. */
struct capr_graph {
    struct capr_node *nodes;      /* CAPR_NODES_MAX of them reserved; NULL: off */
    uint32_t node_count;
    void **frames;                /* return addresses, all nodes' */
    uint32_t frame_count;
    struct capr_worker_graph *workers; /* one for each worker that there has been */
    uint64_t start_cycles, start_ns; /* when the graph began, by both clocks */
    double ns_per_cycle;          /* since then; the scheduler keeps it up to date */
};
extern CAPR_HIDDEN struct capr_graph capr__graph;

static inline uint32_t capr__node_count(void) { return __atomic_load_n(&capr__graph.node_count, __ATOMIC_ACQUIRE); }

/* Memory of which only what is touched becomes real, zeroed; NULL: there is none. Never given back. Mapped, since who blocks may hold malloc's lock.
 * Plain code. */
CAPR_HIDDEN void *capr__graph_reserve(uint64_t bytes);

/* Gives a new worker its part of the graph, before its first switch. Where a fork has left one behind it takes that. What the worker has
 * counted of `use` by then counts too. Returns an errno. Plain code. */
CAPR_HIDDEN int capr__graph_worker_init(struct capr_worker *w);

/* Begins, with the first pthread_create; does nothing when it is on, or switched off. Plain code. */
CAPR_HIDDEN void capr__graph_start(void);

/* In the child of a fork, before it forgets its parent's threads: these are nowhere now, counts go on. */
CAPR_HIDDEN void capr__graph_forked(struct capr_worker *w);

/* What capr__graph_note does not find at first sight, and what is sampled. Plain code. */
CAPR_HIDDEN void capr__graph_slow(uint64_t word, int parks);

/* The way is timed that the next thread goes on this worker. By who decides which that is, so that ways that are seldom gone are known while
 * something is scarce. Plain code. */
CAPR_HIDDEN void capr__graph_sample_next(struct capr_worker *w);

/* For a thread whose wait is sampled: somebody made it ready; it runs again. Plain code. */
CAPR_HIDDEN void capr__graph_woken(struct capr_thread *t);
CAPR_HIDDEN void capr__graph_resumed(struct capr_thread *t);

static inline uint64_t capr__cycles(void) {
    uint32_t low, high;
    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    return (uint64_t)high << 32 | low;
}

static inline uint64_t capr__edge_hash(uint64_t word, uint32_t from) { return (word ^ (uint64_t)from << 32) * 0xd6e8feb86659fd93ull >> 40; }

/* True where the way that ends here is counted with this; else capr__graph_slow has to. */
static inline int capr__graph_quick(struct capr_worker *w, struct capr_thread *self) {
    struct capr_edge *e = w->edges;
    if (!e) return 1;
    uint64_t word = w->context;
    uint32_t from = self->node;
    e += capr__edge_hash(word, from) & w->edge_mask;
    if (__builtin_expect(e->word != word || e->from != from || --e->until == 0, 0)) return 0;
    self->node = e->to;
    return 1;
}

/* The running thread is about to block (`parks`), to yield or to end. */
static inline void capr__graph_note(struct capr_worker *w, struct capr_thread *self, int parks) {
    if (!capr__graph_quick(w, self)) capr__graph_slow(w->context, parks);
}

/* The thread whose way is being timed leaves it half-way, and others will run meanwhile. Keeps its node. */
static inline void capr__graph_drop_sample(struct capr_worker *w) {
    if (!w->armed) return;
    w->armed = 0;
    w->edges = w->graph->table->edges;
    w->edge_mask = w->graph->table->mask;
}

/* The idle thread's own time is nobody's. */
static inline void capr__graph_restart_sample(void) {
    if (capr__worker.armed) capr__worker.graph->since = capr__cycles();
}

/* nodes.c: where the threads of a start routine are that have not blocked yet. Plain code. */
CAPR_HIDDEN uint32_t capr__graph_routine(struct capr_worker *w, uint64_t routine);

/* The worker makes a thread that begins with `routine`: its first node. */
static inline uint32_t capr__graph_begins(struct capr_worker *w, uint64_t routine) {
    struct capr_worker_graph *g = w->graph;
    if (!w->edges) {
        if (g) g->routine_next = 0;
        return CAPR_NODE_START;
    }
    uint32_t node = g->routine_node;
    if (__builtin_expect(g->routine != routine || g->routine_next, 0)) node = capr__graph_routine(w, routine);
    g->seen[node].made++;
    return node;
}

/* The thread that the worker makes next begins with a function of the runtime's, which calls this. */
static inline void capr__graph_begins_as(uint64_t routine) {
    if (capr__worker.graph) capr__worker.graph->routine_next = routine;
}

/* nodes.c: the node of a word; UINT32_MAX: no room. Plain code. */
CAPR_HIDDEN uint32_t capr__node_of(uint64_t word);
CAPR_HIDDEN int capr__nodes_reserve(void);
CAPR_HIDDEN void capr__nodes_forked(void);

/* A shared object with these tables is about to go: what nodes say of it is kept. Plain code. */
struct capr_contexts;
CAPR_HIDDEN void capr__graph_unloads(const struct capr_contexts *c);

/* walk.c: the return addresses of the running thread, innermost first; at most `most`, with NULL for those left out. Plain code. */
CAPR_HIDDEN uint32_t capr__walk(void **frames, uint32_t most);
CAPR_HIDDEN void capr__walk_prepare(void);

/* nodes.c: the same, when no node is being made: deep stacks are walked in memory of which there is one. */
CAPR_HIDDEN uint32_t capr__walk_alone(void **frames, uint32_t most);

#endif
