/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A run queue for each node of the blocking graph: threads wait where they have blocked last, and nodes take turns by stride. Plain
 * code.
 */
#ifndef CAPR_NODE_QUEUES_H
#define CAPR_NODE_QUEUES_H

#include "../graph/graph.h"
#include "sched.h"
#include "ways.h"

#define CAPR_STRIDE_NORMAL 8
#define CAPR_STRIDE_MOST 63

/* What threads that go on from a node do to what is scarce. The last three are held until there is room, and come to it in this order: who
 * is in the middle of what ends with giving back, the nearest to its end first; who begins such; who takes for good. */
enum { CAPR_NODE_PASSES, CAPR_NODE_GIVES, CAPR_NODE_FINISHES, CAPR_NODE_BORROWS, CAPR_NODE_TAKES };
#define CAPR_NODE_HELD CAPR_NODE_FINISHES

/* In which nodes wait for room: so many for those that finish, by how much they need; one for those that borrow, one for those that take, and one
 * for threads that have not run yet, and so have nothing to give back, whatever else is known. */
#define CAPR_LINES_FINISHING 8
#define CAPR_LINE_BORROWS CAPR_LINES_FINISHING
#define CAPR_LINE_TAKES (CAPR_LINES_FINISHING + 1)
#define CAPR_LINE_NEW (CAPR_LINES_FINISHING + 2)
#define CAPR_LINES (CAPR_LINES_FINISHING + 3)

/* What going on from a node does to what is scarce. */
struct capr_node_effect {
    uint8_t does, what; /* CAPR_NODE_*, to CAPR_LIMIT_* `what` */
    uint8_t line;       /* in which it waits */
    float each, need;   /* units of that: which a thread takes or gives by its next block; which are to be there for one that is held */
};

struct capr_node_queue {
    struct capr_queue threads; /* t->queue is not set: they are ready */
    uint32_t count;
    uint32_t next;      /* node behind this one in its bucket, or among those that wait for room */
    uint32_t allowed;   /* threads that may run although it is held, and although there is no room */
    uint8_t stride;     /* 1 to CAPR_STRIDE_MOST: turns come every so many buckets */
    uint8_t linked;     /* in a bucket, or among those that wait for room */
    struct capr_node_effect is;
    uint8_t turn;       /* counts threads that went, of which some are the oldest */
    uint8_t ran;        /* a thread of it ran since the last decision */
    uint64_t held_since;/* ns, or since a thread last ran */
};

/* NULL until a policy has decided for the first time. By node. */
extern CAPR_HIDDEN struct capr_node_queue *capr__node_queues;

CAPR_HIDDEN int capr__nodes_init(void);
CAPR_HIDDEN uint32_t capr__nodes_choose(struct capr_worker *w);
CAPR_HIDDEN void capr__nodes_leave(struct capr_worker *w);

/* Others need what `t` holds: it goes on if it is kept, and is not held until it has given that back. */
CAPR_HIDDEN void capr__nodes_need(struct capr_worker *w, struct capr_thread *t);

/* A decision, which holds until the next one. Begins with how much room there is of each resource, and how much of it those are going to need that
 * are in the middle of something; what threads take as they run, and give back, is reckoned by the forecasts until the kernel is asked again. */
CAPR_HIDDEN void capr__nodes_decide(const double room[], const double claimed[]);

/* Before that: use of `what` has grown since the last decision, by the kernel's count. Where it grew by more than the forecasts say, what
 * threads give back does not come back to everybody (an allocator keeps it), and makes room the less for others. */
CAPR_HIDDEN void capr__nodes_learn(int what, double grew, double noise);

/* What a node does; `line` is to be set where it finishes: 0 to CAPR_LINES_FINISHING - 1. */
CAPR_HIDDEN void capr__node_does(uint32_t node, const struct capr_node_effect *is, uint64_t now);

/* Threads that go on at the moment although there was no room, until they give something back. */
CAPR_HIDDEN uint32_t capr__nodes_spared(int what, uint64_t now);

/* So many threads of a node that is held may begin to, by the next decision. */
CAPR_HIDDEN void capr__node_allow(uint32_t node, uint32_t threads);

/* The decision is whole. */
CAPR_HIDDEN void capr__nodes_decided(void);

/* Policies: graph.c, resource.c. */
CAPR_HIDDEN int capr__graph_decides(struct capr_worker *w, uint64_t now);
CAPR_HIDDEN int capr__resource_decides(struct capr_worker *w, uint64_t now);

#endif
