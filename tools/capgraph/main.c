// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// capgraph: consumes the blocking graph of a program, from a file that its runtime wrote or from the running process, and shows it: in
// words, as DOT, as a picture. docs/blocking-graph.md says what there is to see.
#include "draw.h"
#include "output.h"
#include "read.h"
#include "say.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] = "usage: capgraph FILE|PID [--svg FILE] [--dot FILE] [--all] [--json] [--slow MS]";

static const char help[] =
    "capgraph: shows where the threads of a program wait, and how they come from one place to the next\n"
    "\n"
    "USAGE: capgraph FILE|PID [options]\n"
    "\n"
    "FILE is what CAPRICCIO_GRAPH=FILE had a program write; PID a running program that was started with CAPRICCIO_TOP=1.\n"
    "\n"
    "  --svg FILE   a picture, drawn by graphviz\n"
    "  --dot FILE   the same for graphviz to draw\n"
    "  --all        draw all of a large graph, not only its busiest part\n"
    "  --json       the graph as it was read\n"
    "  --slow MS    mark ways on which threads run longer than this without yielding (10)\n"
    "\n"
    "Without --svg, --dot and --json it prints a summary. See capgraph(1).\n";

struct options {
    const char *source, *svg, *dot;
    bool json, all;
    double slow_ms;
};

/// Returns -1 to go on, or the exit status.
static int parse(int argc, char **argv, struct options *o) {
    bool options_end = false;
    for (int i = 1; i < argc; i++) {
        const char *a = argv[i], **file = !strcmp(a, "--svg") ? &o->svg : !strcmp(a, "--dot") ? &o->dot : NULL;
        if (options_end || a[0] != '-') {
            if (o->source) return say_error("%s: one graph at a time; %s", a, usage), 2;
            o->source = a;
        } else if (!strcmp(a, "--")) {
            options_end = true;
        } else if (!strcmp(a, "--help")) {
            fputs(help, stdout);
            return 0;
        } else if (!strcmp(a, "--version")) {
            puts("capgraph " CAPCC_VERSION);
            return 0;
        } else if (!strcmp(a, "--json")) {
            o->json = true;
        } else if (!strcmp(a, "--all")) {
            o->all = true;
        } else if (file || !strcmp(a, "--slow")) {
            if (++i == argc || !*argv[i]) return say_error("%s: needs a value; %s", a, usage), 2;
            if (file) {
                *file = argv[i];
                continue;
            }
            char *end;
            o->slow_ms = strtod(argv[i], &end);
            if (*end || !isfinite(o->slow_ms) || o->slow_ms < 0) return say_error("--slow %s: expected milliseconds, such as 10", argv[i]), 2;
        } else {
            return say_error("%s: unknown option; %s", a, usage), 2;
        }
    }
    if (!o->source) return say_error("no graph is named; %s", usage), 2;
    return -1;
}

/// The DOT text, and a word on standard error of what is not in it.
static int draw(const struct options *o, const struct graph *g, char **dot, size_t *length) {
    struct drawn d;
    FILE *to = drawn_choose(&d, g, o->slow_ms, o->all) ? open_memstream(dot, length) : NULL;
    if (to) draw_dot(to, g, &d, o->slow_ms);
    int status = !to || fclose(to) ? say_error("%s: out of memory", o->source) : 0;
    if (!status && (d.node_count < g->node_count || d.edge_count < g->edge_count))
        fprintf(stderr, "capgraph: %s: large, so that %d of %d places and %d of %d ways are drawn, the busiest; --all draws all\n", o->source,
                d.node_count, g->node_count, d.edge_count, g->edge_count);
    drawn_free(&d);
    return status;
}

/// Everything that was asked for, from the graph and the text that it was read from.
static int show(const struct options *o, const struct graph *g, const char *text, size_t length) {
    char *dot = NULL;
    size_t dot_length = 0;
    int status = 0;
    if (o->svg || o->dot) status = draw(o, g, &dot, &dot_length);
    if (!status && o->dot) status = output_file(o->dot, dot, dot_length);
    if (!status && o->svg) status = output_svg(o->svg, dot, dot_length);
    free(dot);
    if (!status && o->json) fwrite(text, 1, length, stdout);
    if (!status && !o->json && !o->svg && !o->dot) draw_summary(stdout, g, o->slow_ms);
    if (!status && (fflush(stdout) || ferror(stdout))) status = say_error("standard output: cannot be written to");
    return status;
}

int main(int argc, char **argv) {
    say_tool = "capgraph";
    struct options o = {.slow_ms = SLOW_MS};
    int status = parse(argc, argv, &o);
    if (status >= 0) return status;

    char *text = NULL;
    size_t length = 0;
    struct graph g = {0};
    status = read_source(o.source, &text, &length);
    if (!status) status = graph_read(&g, o.source, text, length);
    if (!status) status = show(&o, &g, text, length);
    graph_free(&g);
    free(text);
    return status;
}
