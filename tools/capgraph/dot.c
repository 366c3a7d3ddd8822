// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The graph as graphviz draws it: a box for each place, its calls outermost first and what it waits in last, in bold; an arrow for each
// way. An arrow's width goes with the logarithm of its count, since counts differ by millions. HTML-like labels, so all text is
// escaped for them.
#include "draw.h"
#include "text.h"

#include <math.h>
#include <string.h>

/// Widths in points: what graphviz draws by default, and what is still an arrow between two boxes.
#define THIN 1.0
#define THICK 4.0

/// Characters of a name: graphviz refuses texts of more than 16,384, and nobody reads them.
#define NAME_MOST 1000

static void escape(FILE *to, const char *text) {
    for (int left = NAME_MOST; *text; text++) {
        if ((*text & 0xc0) != 0x80 && left-- == 0) { // the first byte of a character
            fputs("...", to);
            return;
        }
        if (*text == '&')
            fputs("&amp;", to);
        else if (*text == '<')
            fputs("&lt;", to);
        else if (*text == '>')
            fputs("&gt;", to);
        else if (*text == '"')
            fputs("&quot;", to);
        else
            putc(*text, to);
    }
}

static void line(FILE *to, const char *text) {
    escape(to, text);
    fputs("<br align=\"left\"/>", to);
}

static void box(FILE *to, const struct graph *g, int i) {
    const struct node *n = &g->nodes[i];
    char wait[16], stack[16], text[128];
    if (node_is_start(n) || node_is_end(n)) {
        fprintf(to, "  n%d [shape=ellipse, margin=0, label=<%s", i, node_is_end(n) ? "end" : "start");
        if (n->step_count) {
            fputs("<br/>", to);
            escape(to, n->steps[0].function);
        }
        fputs(">];\n", to);
        return;
    }
    fprintf(to, "  n%d [label=<", i);
    for (int k = 0; k < n->step_count; k++) {
        const struct step *s = &n->steps[k];
        escape(to, s->function);
        if (s->at) {
            fputs(" (", to);
            escape(to, text_base(s->at));
            fputs(")", to);
        }
        line(to, s->recursive ? ", recursive" : "");
    }
    fputs("<b>", to);
    escape(to, n->call ? n->call : "?");
    fputs("</b>", to);
    line(to, n->exact ? "" : " (inexact)");
    snprintf(text, sizeof text, "%.0f thread%s", n->threads, n->threads == 1 ? "" : "s");
    fputs("<font point-size=\"10\">", to);
    escape(to, text);
    if (n->wait_ns.samples) fprintf(to, ", wait %s", text_time(wait, sizeof wait, n->wait_ns.mean));
    if (n->stack_bytes.samples && n->stack_bytes.mean > 0) fprintf(to, ", stack %s", text_amount(stack, sizeof stack, n->stack_bytes.mean));
    if (n->has_priority) fprintf(to, ", priority %.3g", n->priority);
    line(to, "");
    if (n->held) line(to, n->held);
    fprintf(to, "</font>>%s];\n", n->held ? ", style=filled, fillcolor=\"#f4e3c1\"" : "");
}

static void amount(FILE *to, const char *name, struct average a) {
    char text[16];
    // Below a hundredth of one for each passage there is nothing to read off a picture.
    if (!a.samples || fabs(a.mean) < 0.01) return;
    fputs("\\n  ", to);
    for (; *name; name++) fprintf(to, "%s%c", strchr("\"\\", *name) ? "\\" : "", *name); // a program's own name may hold any
    fprintf(to, " %s%s", a.mean > 0 ? "+" : "", text_amount(text, sizeof text, a.mean));
}

static void arrow(FILE *to, const struct edge *e, double most, double slow_ms) {
    char mean[16];
    double width = most > 1 && e->count > 1 ? THIN + (THICK - THIN) * log(e->count) / log(most) : THIN;
    fprintf(to, "  n%d -> n%d [penwidth=%.1f, label=\"  %.0f", e->from, e->to, width, e->count);
    if (e->cpu_ns.samples) fprintf(to, ", %s", text_time(mean, sizeof mean, e->cpu_ns.mean));
    amount(to, "heap", e->heap_bytes);
    if (!e->kinds[0].samples) amount(to, "descriptors", e->files);
    for (int k = 0; k < KINDS; k++) amount(to, kind_names[k], e->kinds[k]);
    amount(to, "threads", e->threads);
    for (int i = 0; i < e->named_count; i++) amount(to, e->named[i].name, e->named[i].use);
    fprintf(to, "\"%s];\n", edge_is_slow(e, slow_ms) ? ", color=red, fontcolor=red" : "");
}

void draw_dot(FILE *to, const struct graph *g, const struct drawn *d, double slow_ms) {
    double most = 0;
    for (int i = 0; i < g->edge_count; i++) most = fmax(most, g->edges[i].count);
    fputs("digraph blocking {\n"
          "  node [shape=box, fontname=\"monospace\", fontsize=12];\n"
          "  edge [fontname=\"sans-serif\", fontsize=10];\n"
          "  labelloc=t; fontname=\"sans-serif\"; fontsize=12;\n"
          "  label=<",
          to);
    escape(to, g->program);
    fprintf(to, ": %.0f thread%s, %.0f switches", g->threads, g->threads == 1 ? "" : "s", g->switches);
    if (d->node_count < g->node_count || d->edge_count < g->edge_count)
        fprintf(to, "; %d of %d places, %d of %d ways", d->node_count, g->node_count, d->edge_count, g->edge_count);
    fputs(">;\n", to);
    for (int i = 0; i < g->node_count; i++)
        if (d->nodes[i]) box(to, g, i);
    for (int i = 0; i < g->edge_count; i++)
        if (d->edges[i]) arrow(to, &g->edges[i], most, slow_ms);
    fputs("}\n", to);
}
