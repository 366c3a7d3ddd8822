// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The graph in words: the places where threads wait, those passed most often, and the ways between two places that take longest. Few
// lines of each, since a server has hundreds of places and the reader wants the ones that matter; the rest is in the JSON.
#include "draw.h"
#include "text.h"

#include <stdlib.h>

/// Lines of each table.
enum { TOP = 12 };

static const struct graph *sorted; // what qsort's functions look into

static int by_threads(const void *a, const void *b) {
    const struct node *x = &sorted->nodes[*(const int *)a], *y = &sorted->nodes[*(const int *)b];
    if (x->threads != y->threads) return x->threads < y->threads ? 1 : -1;
    return x->count < y->count ? 1 : x->count > y->count ? -1 : *(const int *)a - *(const int *)b;
}

static int by_count(const void *a, const void *b) {
    const struct edge *x = &sorted->edges[*(const int *)a], *y = &sorted->edges[*(const int *)b];
    return x->count < y->count ? 1 : x->count > y->count ? -1 : *(const int *)a - *(const int *)b;
}

static int by_time(const void *a, const void *b) {
    const struct edge *x = &sorted->edges[*(const int *)a], *y = &sorted->edges[*(const int *)b];
    double left = x->cpu_ns.samples ? x->cpu_ns.mean : -1, right = y->cpu_ns.samples ? y->cpu_ns.mean : -1;
    return left < right ? 1 : left > right ? -1 : *(const int *)a - *(const int *)b;
}

/// 0 to count - 1 in the order that `by` says (to be freed), or NULL.
static int *order(const struct graph *g, int count, int (*by)(const void *, const void *)) {
    int *list = malloc((size_t)(count + 1) * sizeof *list);
    if (!list) return NULL;
    for (int i = 0; i < count; i++) list[i] = i;
    sorted = g;
    qsort(list, (size_t)count, sizeof *list, by);
    return list;
}

static void more(FILE *to, int left, const char *what) {
    if (left > 0) fprintf(to, "  and %d more %s\n", left, what);
}

static void nodes(FILE *to, const struct graph *g) {
    int *list = order(g, g->node_count, by_threads), shown = 0, left = 0;
    char wait[16], delay[16], stack[16];
    fprintf(to, "\nwhere threads are\n  %9s %12s %9s %9s %8s  %s\n", "threads", "count", "wait", "delay", "stack", "call < callers");
    for (int i = 0; list && i < g->node_count; i++) {
        const struct node *n = &g->nodes[list[i]];
        // The two ends are of interest only where somebody is.
        if ((node_is_start(n) || node_is_end(n)) && n->threads == 0) continue;
        if (shown == TOP) {
            left++;
            continue;
        }
        shown++;
        fprintf(to, "  %9.0f %12.0f %9s %9s %8s  ", n->threads, n->count, text_average_time(wait, sizeof wait, n->wait_ns),
                text_average_time(delay, sizeof delay, n->delay_ns), text_average_amount(stack, sizeof stack, n->stack_bytes));
        text_chain(to, n);
        if (n->held) fprintf(to, " [held: %s]", n->held);
        putc('\n', to);
    }
    more(to, left, "places");
    free(list);
}

static void way(FILE *to, const struct graph *g, const struct edge *e) {
    fputs("\n      from ", to);
    text_chain(to, &g->nodes[e->from]);
    fputs("\n      to   ", to);
    text_chain(to, &g->nodes[e->to]);
    putc('\n', to);
}

static void amount(FILE *to, const char *name, struct average a) {
    char text[16];
    if (a.samples && a.mean != 0) fprintf(to, ", %s %s", name, text_amount(text, sizeof text, a.mean));
}

static void edge_line(FILE *to, const struct graph *g, const struct edge *e, double slow_ms) {
    char mean[16], deviation[16];
    fprintf(to, "  %12.0f %9s", e->count, text_average_time(mean, sizeof mean, e->cpu_ns));
    if (e->cpu_ns.samples) fprintf(to, " +- %s", text_time(deviation, sizeof deviation, e->cpu_ns.deviation));
    amount(to, "heap", e->heap_bytes);
    if (!e->kinds[0].samples) amount(to, "descriptors", e->files);
    for (int k = 0; k < KINDS; k++) amount(to, kind_names[k], e->kinds[k]);
    amount(to, "threads", e->threads);
    for (int i = 0; i < e->named_count; i++) amount(to, e->named[i].name, e->named[i].use);
    if (edge_is_slow(e, slow_ms)) fprintf(to, "  DOES NOT YIELD for more than %g ms", slow_ms);
    way(to, g, e);
}

static void edges(FILE *to, const struct graph *g, double slow_ms, const char *title, int (*by)(const void *, const void *), int timed) {
    int *list = order(g, g->edge_count, by), shown = 0;
    fprintf(to, "\n%s\n  %12s %9s\n", title, "count", "time");
    for (int i = 0; list && i < g->edge_count && shown < TOP; i++) {
        const struct edge *e = &g->edges[list[i]];
        if (timed && !e->cpu_ns.samples) break;
        edge_line(to, g, e, slow_ms);
        shown++;
    }
    if (!timed) more(to, g->edge_count - shown, "ways");
    free(list);
}

void draw_summary(FILE *to, const struct graph *g, double slow_ms) {
    char age[16];
    fprintf(to, "%s, process %.0f: %.0f thread%s, %.0f switches", g->program, g->pid, g->threads, g->threads == 1 ? "" : "s", g->switches);
    if (g->elapsed_ns > 0) fprintf(to, " in %s", text_time(age, sizeof age, g->elapsed_ns));
    if (g->scheduler) fprintf(to, ", scheduler %s", g->scheduler);
    fprintf(to, "; %d places, %d ways between them\n", g->node_count, g->edge_count);
    if (g->lost > 0) fprintf(to, "%.0f blocks are not in the graph: more chains than it has room for\n", g->lost);
    for (int i = 0; i < g->resource_count; i++) {
        const struct resource *r = &g->resources[i];
        char used[24], limit[24];
        fprintf(to, "%s %s", r->name, text_resource(used, sizeof used, r->name, r->used));
        if (r->limit > 0) fprintf(to, " of %s", text_resource(limit, sizeof limit, r->name, r->limit));
        fputs(r->scarce ? ", scarce\n" : "\n", to);
    }
    nodes(to, g);
    edges(to, g, slow_ms, "ways passed most", by_count, 0);
    edges(to, g, slow_ms, "ways that take longest", by_time, 1);
}
