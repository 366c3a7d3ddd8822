// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Nodes have the same name in each snapshot of a run. The program's own clock says how far two snapshots are apart: ours would count
// the time that a busy program let us wait.
#include "rows.h"

#include <stdlib.h>
#include <string.h>

const char *const order_names[ORDERS] = {"threads", "count/s", "wait", "delay", "stack"};

static enum order sorted_by;

static double key(const struct row *r) {
    const struct node *n = r->node;
    switch (sorted_by) {
    case BY_RATE:
        return r->rate;
    case BY_WAIT:
        return n->wait_ns.mean;
    case BY_DELAY:
        return n->delay_ns.mean;
    case BY_STACK:
        return n->stack_bytes.mean * n->threads;
    default:
        return n->threads;
    }
}

/// Equals by rate, then by name, so that rows do not jump about.
static int compare(const void *a, const void *b) {
    const struct row *x = a, *y = b;
    double left = key(x), right = key(y);
    if (left != right) return left < right ? 1 : -1;
    if (x->rate != y->rate) return x->rate < y->rate ? 1 : -1;
    return strcmp(x->node->id, y->node->id);
}

static int by_id(const void *a, const void *b) {
    return strcmp((*(const struct node *const *)a)->id, (*(const struct node *const *)b)->id);
}

/// The nodes of a snapshot in order of their ids.
static const struct node **index_nodes(const struct graph *g) {
    const struct node **list = malloc((size_t)(g->node_count + 1) * sizeof *list);
    for (int i = 0; list && i < g->node_count; i++) list[i] = &g->nodes[i];
    if (list) qsort(list, (size_t)g->node_count, sizeof *list, by_id);
    return list;
}

/// A counter's way a second; 0 where it went back, in a program of the same number.
static double rate(double before, double now, double seconds) { return seconds > 0 && now > before ? (now - before) / seconds : 0; }

int rows_make(struct rows *rows, const struct snapshot *before, const struct snapshot *now, enum order order) {
    const struct graph *g = &now->graph, *old = &before->graph;
    const struct node **ids = index_nodes(old);
    rows->count = 0;
    rows->switches = 0;
    rows->list = malloc((size_t)(g->node_count + 1) * sizeof *rows->list);
    if (!rows->list || !ids) {
        free(ids);
        return 1;
    }
    double seconds = old->json ? (g->elapsed_ns - old->elapsed_ns) / 1e9 : 0;
    if (old->json && g->elapsed_ns == 0) seconds = now->taken - before->taken;
    rows->switches = rate(old->switches, g->switches, seconds);
    for (int i = 0; i < g->node_count; i++) {
        const struct node *n = &g->nodes[i], **found = bsearch(&n, ids, (size_t)old->node_count, sizeof *ids, by_id);
        double passed = rate(found ? (*found)->count : 0, n->count, seconds);
        if (n->threads > 0 || !(node_is_start(n) || node_is_end(n)))
            rows->list[rows->count++] = (struct row){n, passed};
    }
    free(ids);
    sorted_by = order;
    qsort(rows->list, (size_t)rows->count, sizeof *rows->list, compare);
    return 0;
}

void rows_free(struct rows *rows) {
    free(rows->list);
    *rows = (struct rows){0};
}

void snapshot_free(struct snapshot *s) {
    graph_free(&s->graph);
    free(s->text);
    *s = (struct snapshot){0};
}
