/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A run queue for each node of the blocking graph: threads wait where they have blocked last, and nodes take turns by stride. Plain
 * code.
 */
#ifndef CAPR_NODE_QUEUES_H
#define CAPR_NODE_QUEUES_H

#include "../graph/graph.h"
#include "sched.h"

#define CAPR_STRIDE_NORMAL 8
#define CAPR_STRIDE_MOST 63

/* What the scheduler expects of a thread that goes on from a node: means over the ways that threads took lately. */
struct capr_forecast {
    float cpu;          /* ns until the next block */
    float use[CAPR_USES];/* by CAPR_USE_*: units taken less those given back, */
    float behind[CAPR_USES]; /* and what will be taken behind that block, where the thread will not be held since others need what it holds */
    float lately;       /* passages that this rests on, older ones counting less */
};

enum { CAPR_NODE_PASSES, CAPR_NODE_TAKES, CAPR_NODE_GIVES };

struct capr_node_queue {
    struct capr_queue threads; /* t->queue is not set: they are ready */
    uint32_t count;
    uint32_t next;      /* node behind this one in its bucket, or among those that wait for room */
    uint32_t allowed;   /* threads that may run although it is held, and although there is no room */
    uint8_t stride;     /* 1 to CAPR_STRIDE_MOST: turns come every so many buckets */
    uint8_t linked;     /* in a bucket, or among those that wait for room */
    uint8_t does;       /* CAPR_NODE_*, of CAPR_LIMIT_* `what`, `each` a thread: CAPR_NODE_TAKES is to be held */
    uint8_t what;
    uint8_t ran;        /* a thread of it ran since the last decision */
    uint8_t known;      /* the forecast rests on something */
    float freed;        /* part of the threads that took, and went on all the same because others needed what they held */
    float each;
    uint64_t held_since;/* ns, or since a thread last ran */
    struct capr_forecast expect;
};

/* NULL until a policy has decided for the first time. By node. */
extern CAPR_HIDDEN struct capr_node_queue *capr__node_queues;

CAPR_HIDDEN int capr__nodes_init(void);
CAPR_HIDDEN uint32_t capr__nodes_choose(struct capr_worker *w);
CAPR_HIDDEN void capr__nodes_leave(struct capr_worker *w);

/* Others need what `t` holds: it goes on if it is kept, and is not held until it has given that back. */
CAPR_HIDDEN void capr__nodes_need(struct capr_worker *w, struct capr_thread *t);

/* What a thread takes that goes on from a node, sooner or later. */
static inline float capr__node_takes(const struct capr_node_queue *q, int use) { return q->expect.use[use] + q->expect.behind[use]; }

/* Brings the forecasts up to date: each edge of each worker once, weighed by how often it was gone there since the last time. */
CAPR_HIDDEN void capr__nodes_forecast(void);

/* Bytes of heap that threads gave back so far, by the forecasts. */
extern CAPR_HIDDEN double capr__nodes_released;

/* A decision, which holds until the next one. Begins with how much room there is of each resource; what threads take as they run, and give
 * back, is reckoned by the forecasts until the kernel is asked again. */
CAPR_HIDDEN void capr__nodes_decide(const double room[]);

/* Before that: use of `what` has grown since the last decision, by the kernel's count. Where it grew by more than the forecasts say, what
 * threads give back does not come back to everybody (an allocator keeps it), and makes room the less for others. */
CAPR_HIDDEN void capr__nodes_learn(int what, double grew, double noise);

/* What a node does, `each` of `what` a thread. It is held if it takes. */
CAPR_HIDDEN void capr__node_does(uint32_t node, int does, int what, float each, uint64_t now);

/* So many threads of a node that is held may run although there is no room. */
CAPR_HIDDEN void capr__node_allow(uint32_t node, uint32_t threads);

/* The decision is whole. */
CAPR_HIDDEN void capr__nodes_decided(void);

/* Policies: graph.c, resource.c. */
CAPR_HIDDEN int capr__graph_decides(struct capr_worker *w, uint64_t now);
CAPR_HIDDEN int capr__resource_decides(struct capr_worker *w, uint64_t now);

#endif
