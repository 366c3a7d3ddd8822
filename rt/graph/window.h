/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * CAPRICCIO_TOP: a unix socket on which the running program answers each connection with its blocking graph as JSON, for captop and
 * capgraph. Plain code.
 */
#ifndef CAPR_GRAPH_WINDOW_H
#define CAPR_GRAPH_WINDOW_H

#include "graph.h"

/* Opens it, once the program makes a second thread; does nothing without CAPRICCIO_TOP or when it is open. What goes wrong is told in one
 * line, and the program goes on without. On the worker, which waits for the socket to be there (some 100 us). */
CAPR_HIDDEN void capr__window_start(void);

/* On the idle thread: the window's kernel thread waits for a snapshot (CAPR_WANTED_WINDOW). */
CAPR_HIDDEN void capr__window_answer(void);

/* In the child of a fork: it has none, until it makes a thread itself. */
CAPR_HIDDEN void capr__window_forked(void);

#endif
