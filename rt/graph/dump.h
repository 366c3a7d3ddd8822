/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The graph as text. Plain code.
 */
#ifndef CAPR_GRAPH_DUMP_H
#define CAPR_GRAPH_DUMP_H

#include "graph.h"

/* Writes JSON (docs/blocking-graph.md) to `file`, and DOT to the name that ends in .dot in place of .json. Each file is written beside
 * its name and renamed, so that a reader never sees half of one. What goes wrong is told in one line. */
CAPR_HIDDEN void capr__graph_write(const char *file);

/* The same to CAPRICCIO_GRAPH's file, or to capriccio-PID.json, by a kernel thread: the worker only copies the tables. */
CAPR_HIDDEN void capr__graph_write_beside(void);

/* Set by the signal that asks for it (CAPRICCIO_DUMP_SIGNAL); the idle thread looks. */
extern CAPR_HIDDEN volatile int capr__graph_wanted;

#endif
