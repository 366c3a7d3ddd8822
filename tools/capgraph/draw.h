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

/// What of a graph is drawn, by the numbers of its places and ways.
struct drawn {
    bool *nodes, *edges;
    int node_count, edge_count;
};

/// All of it, if that is what is asked for or it is not large; else the busiest part. false: out of memory. Either way drawn_free is due.
bool drawn_choose(struct drawn *d, const struct graph *g, double slow_ms, bool all);
void drawn_free(struct drawn *d);

/// That part of the graph in graphviz's language.
void draw_dot(FILE *to, const struct graph *g, const struct drawn *d, double slow_ms);

static inline bool edge_is_slow(const struct edge *e, double slow_ms) { return e->cpu_ns.samples && e->cpu_ns.mean > slow_ms * 1e6; }

#endif
