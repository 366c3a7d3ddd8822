// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What of a large graph is drawn. graphviz takes minutes for some hundreds of boxes, and nobody finds anything in them; what a reader is
// after is where threads gather, what is passed most and which ways are slow.
#include "draw.h"

#include <stdlib.h>

/// dot takes 1.2 s of processor time for a graph of as many, 3.8 s for half as many again and more than a minute for three times as many.
enum { MOST_NODES = 200, MOST_EDGES = 300 };

/// Of the places, those with the most threads, whatever their counts: many threads may have come once and wait.
enum { MOST_BY_THREADS = 50 };

struct ranked {
    double first, second; ///< the larger the earlier
    int index;
};

static int by_rank(const void *a, const void *b) {
    const struct ranked *x = a, *y = b;
    if (x->first != y->first) return x->first < y->first ? 1 : -1;
    if (x->second != y->second) return x->second < y->second ? 1 : -1;
    return x->index - y->index;
}

/// Adds the first ones that are not there yet, until there are `most`.
static void add(struct ranked *list, int length, bool *drawn, int *count, int most) {
    qsort(list, (size_t)length, sizeof *list, by_rank);
    for (int i = 0; i < length && *count < most; i++) {
        *count += !drawn[list[i].index];
        drawn[list[i].index] = true;
    }
}

static void add_nodes(const struct graph *g, struct ranked *list, struct drawn *d) {
    for (int i = 0; i < g->node_count; i++) list[i] = (struct ranked){g->nodes[i].threads, g->nodes[i].count, i};
    add(list, g->node_count, d->nodes, &d->node_count, MOST_BY_THREADS);
    for (int i = 0; i < g->node_count; i++) list[i] = (struct ranked){g->nodes[i].count, g->nodes[i].threads, i};
    add(list, g->node_count, d->nodes, &d->node_count, MOST_NODES);
}

static void add_edges(const struct graph *g, double slow_ms, struct ranked *list, struct drawn *d) {
    int length = 0;
    for (int i = 0; i < g->edge_count; i++)
        if (d->nodes[g->edges[i].from] && d->nodes[g->edges[i].to])
            list[length++] = (struct ranked){edge_is_slow(&g->edges[i], slow_ms), g->edges[i].count, i};
    add(list, length, d->edges, &d->edge_count, MOST_EDGES);
}

bool drawn_choose(struct drawn *d, const struct graph *g, double slow_ms, bool all) {
    size_t longer = (size_t)(g->node_count > g->edge_count ? g->node_count : g->edge_count) + 1;
    struct ranked *list = malloc(longer * sizeof *list);
    *d = (struct drawn){.nodes = calloc(longer, sizeof *d->nodes), .edges = calloc(longer, sizeof *d->edges)};
    bool done = list && d->nodes && d->edges;
    if (done && (all || (g->node_count <= MOST_NODES && g->edge_count <= MOST_EDGES))) {
        for (; d->node_count < g->node_count; d->node_count++) d->nodes[d->node_count] = true;
        for (; d->edge_count < g->edge_count; d->edge_count++) d->edges[d->edge_count] = true;
    } else if (done) {
        add_nodes(g, list, d);
        add_edges(g, slow_ms, list, d);
    }
    free(list);
    return done;
}

void drawn_free(struct drawn *d) {
    free(d->nodes);
    free(d->edges);
}
