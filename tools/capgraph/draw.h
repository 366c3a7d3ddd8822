// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The two pictures of a graph: in words and in DOT.
#ifndef CAPGRAPH_DRAW_H
#define CAPGRAPH_DRAW_H

#include "model.h"

#include <stdio.h>

/// Edges on which threads run longer than this do not yield: milliseconds. The original scheduler's time slice was of this size; below
/// it a worker's other threads notice nothing.
#define SLOW_MS 10.0

/// Where threads are, what is passed most, and which ways take longest: tables for a terminal.
void draw_summary(FILE *to, const struct graph *g, double slow_ms);

/// The graph in graphviz's language.
void draw_dot(FILE *to, const struct graph *g, double slow_ms);

static inline bool edge_is_slow(const struct edge *e, double slow_ms) { return e->cpu_ns.samples && e->cpu_ns.mean > slow_ms * 1e6; }

#endif
