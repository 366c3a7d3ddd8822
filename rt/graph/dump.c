/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * JSON for tools, DOT for graphviz; the same nodes and edges. The time stamp counter's rate is taken from the graph's own life, which
 * both clocks have seen. Threads that are at a node are those that came and have not gone on. Plain code.
 */
#include "dump.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "../sched/sched.h"
#include "../sched/state.h"
#include "chains.h"
#include "tables.h"
#include "text.h"
#include "workers.h"

#define STAMP_CYCLES (double)(1 << CAPR_STAMP_SHIFT)
#define NODE_NAME 40

/* What is written: a copy of what goes on changing. Return addresses are only ever added. */
struct capr_snapshot {
    struct capr_graph g;   /* whose nodes are a copy */
    struct capr_merged all;
    uint64_t cycles, ns; /* since the graph began */
    struct capr_counts counts;
    struct capr_scheduler_state scheduler;
};

static void *copy(const void *from, size_t bytes) {
    void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return p == MAP_FAILED ? NULL : memcpy(p, from, bytes);
}

static void name_of(const struct capr_node *n, uint32_t i, char *name, size_t size) {
    if (i == CAPR_NODE_START)
        snprintf(name, size, "start");
    else if (i == CAPR_NODE_END)
        snprintf(name, size, "end");
    else if (n->start)
        snprintf(name, size, "start:%016llx", (unsigned long long)n->word);
    else
        snprintf(name, size, "%016llx", (unsigned long long)n->word);
}

static void name_for_scheduler(const void *graph, uint32_t i, char *name, size_t size) {
    name_of(&((const struct capr_graph *)graph)->nodes[i], i, name, size);
}

static void average(struct capr_text *t, const char *name, struct capr_average a, double unit, uint32_t samples) {
    capr__text_add(t, "%s\"", t->data[t->used - 1] == '{' ? "" : ", ");
    capr__text_quote(t, name, strlen(name));
    capr__text_add(t, "\": {\"mean\": %.6g, \"deviation\": %.6g, \"samples\": %u}", a.mean * unit,
                   __builtin_elementwise_sqrt(a.variance > 0 ? a.variance : 0) * unit, samples);
}

/* What the program declares has names of its own choice: an object apart. */
static void named(struct capr_text *t, const struct capr_limit *limits, const struct capr_merged_edge *e) {
    if (!limits[0].name) return;
    capr__text_add(t, ", \"named\": {");
    for (int u = 0; u < CAPR_NAMED && limits[u].name; u++) average(t, limits[u].name, e->use[CAPR_USE_NAMED + u], 1, e->samples);
    capr__text_add(t, "}");
}

static void kinds(struct capr_text *t, const struct capr_average *of, uint32_t samples) {
    capr__text_add(t, ", \"files_by_kind\": {");
    for (int k = 0; k < CAPR_KINDS; k++) average(t, capr__kind_names[k], of[k], 1, samples);
    capr__text_add(t, "}");
}

/* Calls `one` with each function of a place, outermost first: its name, and file:line or an empty text. */
static void each_function(const char *place, void (*one)(struct capr_text *, const char *, size_t, const char *, size_t, int), struct capr_text *t,
                          int recursive) {
    while (*place) {
        size_t line = strcspn(place, "\n"), name = strcspn(place, "\t\n");
        const char *at = place + name + (name < line);
        one(t, place, name, at, line - name - (name < line), recursive && place[line] == 0);
        place += line + (place[line] == '\n');
    }
}

static void json_call(struct capr_text *t, const char *name, size_t name_length, const char *at, size_t at_length, int recursive) {
    capr__text_add(t, "%s{\"function\": \"", t->data[t->used - 1] == '[' ? "" : ", ");
    capr__text_quote(t, name, name_length);
    capr__text_add(t, "\"");
    if (at_length) {
        capr__text_add(t, ", \"at\": \"");
        capr__text_quote(t, at, at_length);
        capr__text_add(t, "\"");
    }
    capr__text_add(t, "%s}", recursive ? ", \"recursive\": true" : "");
}

static void dot_call(struct capr_text *t, const char *name, size_t name_length, const char *at, size_t at_length, int recursive) {
    capr__text_quote(t, name, name_length);
    if (at_length) {
        capr__text_add(t, " (");
        capr__text_quote(t, at, at_length);
        capr__text_add(t, ")");
    }
    capr__text_add(t, "%s\\l", recursive ? ", recursive" : "");
}

/* What is known of a node from the edges that lead there and on from there. */
struct flow {
    uint64_t in, out;                      /* passages */
    struct capr_average kinds[CAPR_KINDS]; /* descriptors taken on the way on */
    double sampled;                        /* passages of the edges that these are of */
    uint32_t samples;
};

static void add_flow(struct flow *flows, const struct capr_merged_edge *e) {
    struct flow *from = &flows[e->from];
    flows[e->to].in += e->count;
    from->out += e->count;
    if (!e->samples) return;
    for (int k = 0; k < CAPR_KINDS; k++) from->kinds[k] = capr__average_of_both(from->kinds[k], from->sampled, e->kinds[k], (double)e->count);
    from->sampled += (double)e->count;
    from->samples += e->samples;
}

static void render_node(const struct capr_snapshot *s, uint32_t i, const struct flow *f, uint32_t *steps, struct capr_text *json, struct capr_text *dot) {
    const struct capr_graph *g = &s->g;
    const struct capr_node *n = &g->nodes[i];
    const struct capr_node_seen *seen = &s->all.seen[i];
    double ns = s->cycles ? (double)s->ns / (double)s->cycles : 0;
    char name[NODE_NAME];
    struct capr_chain chain = {.count = 0, .exact = 1};
    if (n->start) /* the copy's may be of a module that has gone since; none goes now */
        chain.calls[chain.count++] = (struct capr_chain_call){capr__graph.nodes[i].place, 0};
    else if (i > CAPR_NODE_END)
        capr__chain_of(g, i, &chain, steps);
    name_of(n, i, name, sizeof name);
    uint64_t came = f->in + seen->made + (i == CAPR_NODE_START), went = f->out + n->left;
    uint64_t here = i == CAPR_NODE_END || came < went ? 0 : came - went;
    capr__text_add(json, "%s {\"id\": \"%s\", \"count\": %llu, \"threads\": %llu, \"exact\": %s, \"chain\": [", i ? ",\n" : "", name,
                   (unsigned long long)came, (unsigned long long)here, chain.exact ? "true" : "false");
    capr__text_add(dot, "  \"%s\" [label=\"%s", name, n->start ? "start\\l" : "");
    for (uint32_t k = 0; k < chain.count; k++) {
        each_function(chain.calls[k].place, json_call, json, chain.calls[k].recursive);
        each_function(chain.calls[k].place, dot_call, dot, chain.calls[k].recursive);
    }
    capr__text_add(json, "]");
    if (chain.sink) {
        capr__text_add(json, ", \"call\": \"%s\"", chain.sink);
        capr__text_add(dot, "%s\\l", chain.sink);
    } else {
        capr__text_add(dot, "%s", chain.count ? "" : name);
    }
    average(json, "wait_ns", seen->wait, ns * STAMP_CYCLES, seen->waits);
    average(json, "delay_ns", seen->delay, ns * STAMP_CYCLES, seen->delays);
    average(json, "stack_bytes", seen->stack, 1, seen->stacks);
    kinds(json, f->kinds, f->samples);
    capr__text_add(json, "}");
    capr__text_add(dot, "threads %llu, wait %.3g ms\"];\n", (unsigned long long)here, seen->wait.mean * ns * STAMP_CYCLES / 1e6);
}

/* The kinds of descriptors that a thread takes or gives back there, where it does. */
static void dot_kinds(struct capr_text *dot, const struct capr_merged_edge *e) {
    for (int k = 0; k < CAPR_KINDS; k++)
        if (e->samples && (e->kinds[k].mean >= 0.005f || e->kinds[k].mean <= -0.005f))
            capr__text_add(dot, "\\n%s %+.2g", capr__kind_names[k], e->kinds[k].mean);
}

static int is_off(const uint8_t *off) { return off && __atomic_load_n(off, __ATOMIC_RELAXED); }

static void render(const struct capr_snapshot *s, const struct flow *flows, struct capr_text *json, struct capr_text *dot, const uint8_t *off) {
    const struct capr_graph *g = &s->g;
    double ns = s->cycles ? (double)s->ns / (double)s->cycles : 0;
    char name[NODE_NAME], to[NODE_NAME];
    capr__text_add(json, "{\"format\": \"capriccio-graph\", \"version\": 1, \"pid\": %d, \"program\": \"", (int)getpid());
    capr__text_quote(json, program_invocation_short_name, strlen(program_invocation_short_name));
    capr__text_add(json, "\", \"elapsed_ns\": %llu, \"workers\": %u, \"threads\": %u, \"switches\": %llu, \"lost\": %llu,\n\"nodes\": [\n",
                   (unsigned long long)s->ns, s->counts.workers, s->counts.threads, (unsigned long long)s->counts.switches,
                   (unsigned long long)s->all.lost);
    capr__text_add(dot, "digraph blocking {\n  node [shape=box, fontname=\"monospace\"];\n");
    uint32_t steps = CAPR_CHAINS_STEPS;
    for (uint32_t i = 0; i < g->node_count && !is_off(off); i++) render_node(s, i, &flows[i], &steps, json, dot);
    capr__text_add(json, "],\n\"edges\": [\n");
    const char *comma = "";
    for (uint64_t i = 0; i < s->all.edge_count; i++) {
        const struct capr_merged_edge *e = &s->all.edges[i];
        name_of(&g->nodes[e->from], e->from, name, sizeof name);
        name_of(&g->nodes[e->to], e->to, to, sizeof to);
        capr__text_add(json, "%s {\"from\": \"%s\", \"to\": \"%s\", \"count\": %llu", comma, name, to, (unsigned long long)e->count);
        average(json, "cpu_ns", e->cpu, ns, e->samples);
        average(json, "heap_bytes", e->use[CAPR_USE_HEAP], 1, e->samples);
        average(json, "files", e->use[CAPR_USE_FILES], 1, e->samples);
        kinds(json, e->kinds, e->samples);
        average(json, "threads", e->use[CAPR_USE_THREADS], 1, e->samples);
        named(json, &s->scheduler.limits[CAPR_LIMIT_NAMED], e);
        capr__text_add(json, "}");
        capr__text_add(dot, "  \"%s\" -> \"%s\" [label=\"%llu, %.3g us", name, to, (unsigned long long)e->count, e->cpu.mean * ns / 1e3);
        dot_kinds(dot, e);
        capr__text_add(dot, "\"];\n");
        comma = ",\n";
    }
    capr__text_add(json, "],\n\"scheduler\": {");
    capr__scheduler_json(&s->scheduler, json, name_for_scheduler, g);
    capr__text_add(json, "}}\n");
    capr__text_add(dot, "}\n");
}

/* One at a time renders: tables.c sorts once. Sleeps, since the exit of the program may meet a kernel thread that is at it. */
static uint8_t rendering;

void capr__rendering_begin(void) {
    const struct timespec ms = {0, 1000000};
    while (__atomic_exchange_n(&rendering, 1, __ATOMIC_ACQUIRE)) syscall(SYS_nanosleep, &ms, NULL);
}

void capr__rendering_end(void) { __atomic_store_n(&rendering, 0, __ATOMIC_RELEASE); }
void capr__rendering_forked(void) { rendering = 0; }

int capr__snapshot_render(struct capr_snapshot *s, struct capr_text *json, struct capr_text *dot, const uint8_t *off) {
    const struct capr_graph *g = &s->g;
    capr__rendering_begin();
    struct flow *flows = mmap(NULL, g->node_count * sizeof *flows, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    int error = flows == MAP_FAILED || !capr__merge(&s->all) ? ENOMEM : capr__tables_index();
    if (!error) {
        for (uint64_t i = 0; i < s->all.edge_count; i++) add_flow(flows, &s->all.edges[i]);
        render(s, flows, json, dot, off);
        error = is_off(off) ? ECANCELED : json->failed || (dot && dot->failed) ? ENOMEM : 0;
    }
    if (flows != MAP_FAILED) munmap(flows, g->node_count * sizeof *flows);
    capr__rendering_end();
    return error;
}

struct capr_snapshot *capr__snapshot_take(const char **why) {
    const struct capr_graph *g = &capr__graph;
    *why = "out of memory";
    if (!g->start_ns) *why = "the program has not made a second thread, was linked with -fno-capriccio-graph, or CAPRICCIO_GRAPH is off";
    struct capr_snapshot *s = g->start_ns ? mmap(NULL, sizeof *s, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) : MAP_FAILED;
    if (s == MAP_FAILED) return NULL;
    s->g = *g;
    s->cycles = capr__cycles() - g->start_cycles;
    s->ns = capr__now() - g->start_ns;
    capr__count_all(&s->counts);
    capr__scheduler_state(&s->scheduler);
    if (!capr__copy_all(&s->all)) {
        munmap(s, sizeof *s);
        return NULL;
    }
    s->g.node_count = s->all.node_count;
    s->g.nodes = copy(g->nodes, s->g.node_count * sizeof *g->nodes);
    if (s->g.nodes) return s;
    capr__merged_free(&s->all);
    munmap(s, sizeof *s);
    return NULL;
}

uint64_t capr__snapshot_ns(const struct capr_snapshot *s) { return s->ns; }

void capr__snapshot_free(struct capr_snapshot *s) {
    munmap(s->g.nodes, s->g.node_count * sizeof *s->g.nodes);
    capr__merged_free(&s->all);
    munmap(s, sizeof *s);
}
