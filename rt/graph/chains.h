/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * What nodes were found to stand for, kept from one look at the graph to the next. Plain code, under the lock of who renders (dump.c).
 */
#ifndef CAPR_GRAPH_CHAINS_H
#define CAPR_GRAPH_CHAINS_H

#include "decode.h"

/* Steps of searches in one look: 50 ms. */
#define CAPR_CHAINS_STEPS 10000000

/* The chain of the node with this number. Of `*steps` takes those that it needed; when there are none left, what takes longer to find is not
 * `exact` this time. */
CAPR_HIDDEN void capr__chain_of(const struct capr_graph *g, uint32_t number, struct capr_chain *out, uint32_t *steps);

/* A module goes, whose texts and calls the chains are made of. */
CAPR_HIDDEN void capr__chains_forget(void);

#endif
