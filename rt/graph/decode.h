/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * From a node to the calls that lead there. Plain code.
 */
#ifndef CAPR_GRAPH_DECODE_H
#define CAPR_GRAPH_DECODE_H

#include "graph.h"

struct capr_chain {
    struct capr_chain_call {
        const char *place; /* lines `function<tab>file:line`, outermost first; or a function's name alone */
        int recursive;     /* calls between this one and the next come back to it */
    } calls[CAPR_CHAIN_MAX + 1];
    uint32_t count;
    const char *sink;      /* what the innermost calls: read, pthread_mutex_lock; NULL: not known */
    int exact;             /* the calls add up to the word, and no other chain has it; else these are what the unwinder met */
    int cut;               /* and of these some in the middle are left out */
    int unsure;            /* they add up, and those of other chains may (decode.c) */
    int gave_up;           /* there were too many ways to try all that are likely */
};

#define CAPR_DECODE_STEPS 1000000 /* for one node, as many as make sense: 5 ms */

/* Of `*steps` takes those that it needed. capr__tables_index must have succeeded. */
CAPR_HIDDEN void capr__decode(const struct capr_graph *g, const struct capr_node *n, struct capr_chain *out, uint32_t *steps);

#endif
