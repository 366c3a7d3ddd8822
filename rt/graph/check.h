/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * CAPRICCIO_GRAPH_CHECK=1, for tests: is a word's chain the one that is on the stack? Plain code.
 */
#ifndef CAPR_GRAPH_CHECK_H
#define CAPR_GRAPH_CHECK_H

#include "graph.h"

/* The running thread blocks at `n`: unwinds its stack, and ends the program with both chains if they differ. */
CAPR_HIDDEN void capr__check_chain(const struct capr_graph *g, const struct capr_node *n);

#endif
