/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * What threads will do, from each node of the blocking graph: the ways that they took from there lately, and what lies further along these.
 * Plain code, of the worker that decides.
 */
#ifndef CAPR_WAYS_H
#define CAPR_WAYS_H

#include "../graph/graph.h"

#define CAPR_AHEAD 2 /* of the uses, CAPR_USE_HEAP and CAPR_USE_FILES are looked for further along */

/* What the scheduler expects of a thread that goes on from a node: means over the ways that threads took lately. Units of a use: bytes,
 * descriptors, threads. */
struct capr_forecast {
    float cpu;           /* ns until the next block */
    float use[CAPR_USES];/* by CAPR_USE_*: units taken less those given back until then */
    float lately;        /* threads that went on from here, older ones counting less */
    /* Further along, by CAPR_USE_* below CAPR_AHEAD: */
    float low[CAPR_AHEAD];  /* to which the thread's use comes down before it rises above what it is here: 0, or less where the thread
                               holds something that it will give back */
    float need[CAPR_AHEAD]; /* the most that it takes before it has given that back, or is back where it was */
    float net[CAPR_AHEAD];  /* what it has then taken for good, as far as it is told */
};

struct capr_node_ahead {
    struct capr_forecast expect;
    uint32_t first;      /* way; 0: none */
    uint32_t pass;       /* at which `lately` was reckoned */
    int64_t there;       /* threads, also those that wait */
    float freed;         /* part of those that take here and are not held, since others need what they hold */
};

/* By node; NULL before capr__ways_begin, which returns 0 where memory is out. */
extern CAPR_HIDDEN struct capr_node_ahead *capr__ahead;
CAPR_HIDDEN int capr__ways_begin(void);

/* A look at the counts of all edges, or where there are many at so many that it takes some 0.1 ms: brings means up to date, and who is where. */
CAPR_HIDDEN void capr__ways_look(void);

/* Reckons what lies further along, of the use `of`. What a way takes less than `least` is nothing; nobody is reckoned to need more than `most`. */
CAPR_HIDDEN void capr__ways_look_ahead(int of, float least, float most);

/* Threads that go on from a node lately: for who weighs nodes against each other. */
CAPR_HIDDEN float capr__ways_lately(uint32_t node);

/* Bytes of heap that threads gave back so far, by the forecasts. */
extern CAPR_HIDDEN double capr__ways_released;

/* In the child of a fork, which `self` has made: other threads are its parent's. Once the graph is its own. */
CAPR_HIDDEN void capr__ways_forked(const struct capr_thread *self);

#endif
