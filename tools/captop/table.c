// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The chain comes last, and innermost first, since it is what a narrow terminal cuts; before it is cut to nothing, columns go.
#include "table.h"

#include "text.h"

#include <math.h>

/// Columns of a terminal below which the delay and the stack, and then the wait too, are left out: 40 are left for the chain.
enum { ALL_COLUMNS = 90, FEW_COLUMNS = 66 };

const char *table_rate(char *to, size_t size, double rate) {
    if (rate < 9999.5)
        snprintf(to, size, "%.*f", rate > 0 && rate < 9.95, rate);
    else if (rate < 999.5e3)
        snprintf(to, size, "%.*fk", rate < 99.95e3, rate / 1e3);
    else
        snprintf(to, size, "%.*fM", rate < 99.95e6, rate / 1e6);
    return to;
}

void table_header(FILE *to, const struct graph *g, const struct rows *rows) {
    char rate[16];
    fputs(g->program, to);
    fprintf(to, " (%.0f)  threads %.0f  workers %.0f  switches %s/s", g->pid, g->threads, g->workers,
            table_rate(rate, sizeof rate, rows->switches));
    if (g->scheduler) {
        fputs("  scheduler ", to);
        fputs(g->scheduler, to);
    }
    if (g->lost > 0) fprintf(to, "  lost %.0f", g->lost);
}

/// What the scheduler prefers: in its own words, or as follows from what is scarce.
static void favours(FILE *to, const struct graph *g) {
    int scarce = 0;
    for (int i = 0; i < g->resource_count && !g->favours; i++) {
        if (!g->resources[i].scarce) continue;
        fputs(scarce++ ? " and " : "  favours what gives back ", to);
        fputs(g->resources[i].name, to);
    }
    if (g->favours) {
        fputs("  favours ", to);
        fputs(g->favours, to);
    }
}

static void kinds(FILE *to, const struct resource *r) {
    int told = 0;
    for (int k = 0; r->has_kinds && k < KINDS; k++)
        if (r->kinds[k] > 0) fprintf(to, "%s%s %.0f", told++ ? " " : " [", kind_names[k], r->kinds[k]);
    if (told) putc(']', to);
}

int table_resources(FILE *to, const struct graph *g) {
    char used[24], limit[24];
    if (!g->resource_count && !g->favours) return 0;
    fputs("resources", to);
    for (int i = 0; i < g->resource_count; i++) {
        const struct resource *r = &g->resources[i];
        fputs(i ? ", " : " ", to);
        fputs(r->name, to);
        fprintf(to, " %s", text_resource(used, sizeof used, r->name, r->used));
        if (r->limit > 0) fprintf(to, "/%s (%.0f%%)", text_resource(limit, sizeof limit, r->name, r->limit), r->used / r->limit * 100);
        kinds(to, r);
        if (r->scarce) fputs(" SCARCE", to);
    }
    favours(to, g);
    if (g->held_count > 0) fprintf(to, "  places held back %.0f", g->held_count);
    return 1;
}

static bool priorities(const struct graph *g) {
    for (int i = 0; i < g->node_count; i++)
        if (g->nodes[i].has_priority) return true;
    return false;
}

void table_titles(FILE *to, const struct graph *g, int width) {
    fprintf(to, "%8s %8s", "THREADS", "COUNT/S");
    if (width >= FEW_COLUMNS) fprintf(to, " %8s", "WAIT");
    if (width >= ALL_COLUMNS) fprintf(to, " %8s %7s", "DELAY", "STACK");
    if (priorities(g)) fprintf(to, " %6s", "PRIO");
    fputs("  CALL < CALLERS", to);
}

void table_row(FILE *to, const struct graph *g, const struct row *row, int width) {
    const struct node *n = row->node;
    char text[16];
    fprintf(to, "%8.0f %8s", n->threads, table_rate(text, sizeof text, row->rate));
    if (width >= FEW_COLUMNS) fprintf(to, " %8s", text_average_time(text, sizeof text, n->wait_ns));
    if (width >= ALL_COLUMNS) {
        fprintf(to, " %8s", text_average_time(text, sizeof text, n->delay_ns));
        fprintf(to, " %7s", text_average_amount(text, sizeof text, n->stack_bytes));
    }
    if (priorities(g)) {
        if (n->has_priority)
            fprintf(to, " %6.3g", n->priority);
        else
            fprintf(to, " %6s", "-");
    }
    fputs("  ", to);
    if (n->held) {
        fputs("[held: ", to);
        fputs(n->held, to);
        fputs("] ", to);
    }
    for (int k = 0; k < KINDS; k++)
        if (n->kinds[k].samples && fabs(n->kinds[k].mean) >= 0.01)
            fprintf(to, "[%s %s%s] ", kind_names[k], n->kinds[k].mean > 0 ? "+" : "", text_amount(text, sizeof text, n->kinds[k].mean));
    text_chain(to, n);
}
