/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The graph as text. Plain code.
 */
#ifndef CAPR_GRAPH_DUMP_H
#define CAPR_GRAPH_DUMP_H

#include "graph.h"
#include "text.h"

/* A copy of the graph, taken on a worker, all of whose own counts are then of one moment. NULL: *why says why not. */
struct capr_snapshot;
CAPR_HIDDEN struct capr_snapshot *capr__snapshot_take(const char **why);
CAPR_HIDDEN void capr__snapshot_free(struct capr_snapshot *s);

/* Of what age the graph was. */
CAPR_HIDDEN uint64_t capr__snapshot_ns(const struct capr_snapshot *s);

/* As JSON, and for graphviz unless `dot` is NULL; it is merged for that. On any kernel thread, once. Returns an errno: ECANCELED where *off, unless
 * `off` is NULL, is not 0 any more before it is done. */
CAPR_HIDDEN int capr__snapshot_render(struct capr_snapshot *s, struct capr_text *json, struct capr_text *dot, const uint8_t *off);

/* Who wants the graph; the idle thread looks. For CAPRICCIO_DUMP_SIGNAL: JSON (docs/blocking-graph.md) to CAPRICCIO_GRAPH's file, or to
 * capriccio-PID.json, and DOT to the name that ends in .dot in place of .json, by a kernel thread (writer.c), so that the worker only copies
 * the tables. Through the window: by another kernel thread. */
#define CAPR_WANTED_FILE 1
#define CAPR_WANTED_WINDOW 2
extern CAPR_HIDDEN volatile int capr__graph_wanted;

/* On the idle thread: serves them all. */
CAPR_HIDDEN void capr__graph_answer(void);

/* Between these nobody renders. */
CAPR_HIDDEN void capr__rendering_begin(void);
CAPR_HIDDEN void capr__rendering_end(void);

/* In the child of a fork: whoever was rendering or writing is the parent's. */
CAPR_HIDDEN void capr__rendering_forked(void);
CAPR_HIDDEN void capr__graph_writer_forked(void);

#endif
