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
    float use[CAPR_USES];/* by CAPR_USE_*: units taken less those given back */
    float lately;       /* passages that this rests on, older ones counting less */
};

struct capr_node_queue {
    struct capr_thread *head, *tail;
    uint32_t count;
    uint32_t next;      /* node behind this one in its bucket */
    uint32_t allowed;   /* threads that may run although it is held */
    uint8_t stride;     /* 1 to CAPR_STRIDE_MOST: turns come every so many buckets */
    uint8_t linked;     /* in a bucket */
    uint8_t held;       /* may not run: it would take what is scarce */
    uint8_t why;        /* while held: CAPR_LIMIT_* of what it would take */
    uint8_t known;      /* the forecast rests on something */
    uint64_t held_since;/* ns, or since a thread was last allowed to run */
    struct capr_forecast expect;
};

/* NULL until a policy has decided for the first time. By node. */
extern CAPR_HIDDEN struct capr_node_queue *capr__node_queues;

CAPR_HIDDEN int capr__nodes_init(void);
CAPR_HIDDEN uint32_t capr__nodes_choose(struct capr_worker *w);
CAPR_HIDDEN void capr__nodes_leave(struct capr_worker *w);

/* Brings the forecasts up to date: each edge once. */
CAPR_HIDDEN void capr__nodes_forecast(void);

/* Holds or frees a node. */
CAPR_HIDDEN void capr__node_hold(uint32_t node, int held, uint64_t now);

/* So many threads of a node that is held may run all the same. */
CAPR_HIDDEN void capr__node_allow(uint32_t node, uint32_t threads, uint64_t now);

/* Policies: graph.c, resource.c. */
CAPR_HIDDEN int capr__graph_decides(struct capr_worker *w, uint64_t now);
CAPR_HIDDEN int capr__resource_decides(struct capr_worker *w, uint64_t now);

#endif
