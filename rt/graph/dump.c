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

#include "../proc/env.h"
#include "../proc/message.h"
#include "../sched/sched.h"
#include "../sched/state.h"
#include "../thread/kernel_thread.h"
#include "decode.h"
#include "file.h"
#include "tables.h"
#include "text.h"
#include "window.h"

#define STAMP_CYCLES (double)(1 << CAPR_STAMP_SHIFT)
#define NAME 4096
#define STACK (128u << 10) /* of the thread that writes: names of files, decoding */

volatile int capr__graph_wanted;

/* What is written: a copy of what goes on changing. Return addresses are only ever added. */
struct capr_snapshot {
    struct capr_graph g;
    uint64_t cycles, ns; /* since the graph began */
    uint64_t created, switches;
    uint32_t threads;
    struct capr_scheduler_state scheduler;
    char file[NAME];
};

static void *copy(const void *from, size_t bytes)
{
    void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return p == MAP_FAILED ? NULL : memcpy(p, from, bytes);
}

static void name_of(const struct capr_node *n, uint32_t i, char *name, size_t size)
{
    if (i == CAPR_NODE_START)
        snprintf(name, size, "start");
    else if (i == CAPR_NODE_END)
        snprintf(name, size, "end");
    else
        snprintf(name, size, "%016llx", (unsigned long long)n->word);
}

static void name_for_scheduler(const void *graph, uint32_t i, char *name, size_t size)
{
    name_of(&((const struct capr_graph *)graph)->nodes[i], i, name, size);
}

static void average(struct capr_text *t, const char *name, struct capr_average a, double unit, uint32_t samples)
{
    capr__text_add(t, "%s\"", t->data[t->used - 1] == '{' ? "" : ", ");
    capr__text_quote(t, name, strlen(name));
    capr__text_add(t, "\": {\"mean\": %.6g, \"deviation\": %.6g, \"samples\": %u}", a.mean * unit,
                   __builtin_elementwise_sqrt(a.variance > 0 ? a.variance : 0) * unit, samples);
}

/* What the program declares has names of its own choice: an object apart. */
static void named(struct capr_text *t, const struct capr_limit *limits, const struct capr_edge *e)
{
    if (!limits[0].name)
        return;
    capr__text_add(t, ", \"named\": {");
    for (int u = 0; u < CAPR_NAMED && limits[u].name; u++)
        average(t, limits[u].name, e->use[CAPR_USE_NAMED + u], 1, e->samples);
    capr__text_add(t, "}");
}

/* Calls `one` with each function of a place, outermost first: its name, and file:line or an empty text. */
static void each_function(const char *place, void (*one)(struct capr_text *, const char *, size_t, const char *, size_t, int), struct capr_text *t,
                          int recursive)
{
    while (*place) {
        size_t line = strcspn(place, "\n"), name = strcspn(place, "\t\n");
        const char *at = place + name + (name < line);
        one(t, place, name, at, line - name - (name < line), recursive && place[line] == 0);
        place += line + (place[line] == '\n');
    }
}

static void json_call(struct capr_text *t, const char *name, size_t name_length, const char *at, size_t at_length, int recursive)
{
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

static void dot_call(struct capr_text *t, const char *name, size_t name_length, const char *at, size_t at_length, int recursive)
{
    capr__text_quote(t, name, name_length);
    if (at_length) {
        capr__text_add(t, " (");
        capr__text_quote(t, at, at_length);
        capr__text_add(t, ")");
    }
    capr__text_add(t, "%s\\l", recursive ? ", recursive" : "");
}

static void render(const struct capr_snapshot *s, const uint64_t *in, const uint64_t *out, struct capr_text *json, struct capr_text *dot)
{
    const struct capr_graph *g = &s->g;
    double ns = s->cycles ? (double)s->ns / (double)s->cycles : 0;
    char name[32], to[32];
    capr__text_add(json, "{\"format\": \"capriccio-graph\", \"version\": 1, \"pid\": %d, \"program\": \"", (int)getpid());
    capr__text_quote(json, program_invocation_short_name, strlen(program_invocation_short_name));
    capr__text_add(json, "\", \"elapsed_ns\": %llu, \"workers\": 1, \"threads\": %u, \"switches\": %llu, \"lost\": %llu,\n\"nodes\": [\n",
                   (unsigned long long)s->ns, s->threads, (unsigned long long)s->switches, (unsigned long long)g->lost);
    capr__text_add(dot, "digraph blocking {\n  node [shape=box, fontname=\"monospace\"];\n");
    for (uint32_t i = 0; i < g->node_count; i++) {
        const struct capr_node *n = &g->nodes[i];
        struct capr_chain chain = {.count = 0, .exact = 1};
        if (i > CAPR_NODE_END)
            capr__decode(g, n, &chain);
        name_of(n, i, name, sizeof name);
        uint64_t came = i == CAPR_NODE_START ? s->created + 1 : in[i];
        uint64_t here = i == CAPR_NODE_END || came < out[i] + n->left ? 0 : came - out[i] - n->left;
        capr__text_add(json, "%s {\"id\": \"%s\", \"count\": %llu, \"threads\": %llu, \"exact\": %s, \"chain\": [", i ? ",\n" : "", name,
                       (unsigned long long)came, (unsigned long long)here, chain.exact ? "true" : "false");
        capr__text_add(dot, "  \"%s\" [label=\"", name);
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
        average(json, "wait_ns", n->wait, ns * STAMP_CYCLES, n->waits);
        average(json, "delay_ns", n->delay, ns * STAMP_CYCLES, n->waits);
        average(json, "stack_bytes", n->stack, 1, n->stacks);
        capr__text_add(json, "}");
        capr__text_add(dot, "threads %llu, wait %.3g ms\"];\n", (unsigned long long)here, n->wait.mean * ns * STAMP_CYCLES / 1e6);
    }
    capr__text_add(json, "],\n\"edges\": [\n");
    const char *comma = "";
    for (uint64_t i = 0; i <= g->edge_mask; i++) {
        const struct capr_edge *e = &g->edges[i];
        if (e->from == UINT32_MAX)
            continue;
        name_of(&g->nodes[e->from], e->from, name, sizeof name);
        name_of(&g->nodes[e->to], e->to, to, sizeof to);
        capr__text_add(json, "%s {\"from\": \"%s\", \"to\": \"%s\", \"count\": %llu", comma, name, to, (unsigned long long)capr__edge_count(e));
        average(json, "cpu_ns", e->cpu, ns, e->samples);
        average(json, "heap_bytes", e->use[CAPR_USE_HEAP], 1, e->samples);
        average(json, "files", e->use[CAPR_USE_FILES], 1, e->samples);
        average(json, "threads", e->use[CAPR_USE_THREADS], 1, e->samples);
        named(json, &s->scheduler.limits[CAPR_LIMIT_NAMED], e);
        capr__text_add(json, "}");
        capr__text_add(dot, "  \"%s\" -> \"%s\" [label=\"%llu, %.3g us\"];\n", name, to, (unsigned long long)capr__edge_count(e), e->cpu.mean * ns / 1e3);
        comma = ",\n";
    }
    capr__text_add(json, "],\n\"scheduler\": {");
    capr__scheduler_json(&s->scheduler, json, name_for_scheduler, g);
    capr__text_add(json, "}}\n");
    capr__text_add(dot, "}\n");
}

/* One at a time renders: tables.c sorts once. One at a time writes: files have one name beside theirs. Sleeps, since the exit of the program
 * may meet a kernel thread that is at it. */
static uint8_t rendering, writing;

static void begin(uint8_t *busy)
{
    const struct timespec ms = {0, 1000000};
    while (__atomic_exchange_n(busy, 1, __ATOMIC_ACQUIRE))
        syscall(SYS_nanosleep, &ms, NULL);
}

static void end(uint8_t *busy) { __atomic_store_n(busy, 0, __ATOMIC_RELEASE); }

/* Returns an errno. */
static int render_all(const struct capr_snapshot *s, struct capr_text *json, struct capr_text *dot)
{
    const struct capr_graph *g = &s->g;
    begin(&rendering);
    uint64_t *in = mmap(NULL, 2 * sizeof *in * g->node_count, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    int error = in == MAP_FAILED ? ENOMEM : capr__tables_index();
    if (!error) {
        uint64_t *out = in + g->node_count;
        for (uint64_t i = 0; i <= g->edge_mask; i++)
            if (g->edges[i].from != UINT32_MAX) {
                in[g->edges[i].to] += capr__edge_count(&g->edges[i]);
                out[g->edges[i].from] += capr__edge_count(&g->edges[i]);
            }
        render(s, in, out, json, dot);
        error = json->failed || (dot && dot->failed) ? ENOMEM : 0;
    }
    if (in != MAP_FAILED)
        munmap(in, 2 * sizeof *in * g->node_count);
    end(&rendering);
    return error;
}

int capr__snapshot_json(const struct capr_snapshot *s, struct capr_text *json) { return render_all(s, json, NULL); }

static size_t stem_of(const char *file)
{
    size_t length = strlen(file);
    return length > 5 && !strcmp(file + length - 5, ".json") ? length - 5 : length;
}

static void tell(const char *file, int error)
{
    if (error)
        capr__warn("%s: the blocking graph could not be written: %s", file, strerror(error));
}

static void write_both(const struct capr_snapshot *s)
{
    struct capr_text json = {0}, dot = {0};
    char other[sizeof s->file + 8];
    snprintf(other, sizeof other, "%.*s.dot", (int)stem_of(s->file), s->file);
    int error = render_all(s, &json, &dot), into = 0;
    begin(&writing);
    if (!error)
        error = capr__graph_file_put(s->file, &json, &into);
    tell(s->file, error);
    if (!error && !into)
        tell(other, capr__graph_file_put(other, &dot, &into));
    end(&writing);
    capr__text_free(&json);
    capr__text_free(&dot);
}

/* Writes, tells what went wrong, and frees. */
static void finish(struct capr_snapshot *s, int error)
{
    if (error)
        tell(s->file, error);
    else
        write_both(s);
    capr__snapshot_free(s);
}

/* While the program runs. */
static void *finish_apart(void *of)
{
    finish(of, capr__graph_file_apart());
    return NULL;
}

struct capr_snapshot *capr__snapshot_take(const char **why)
{
    const struct capr_worker *w = &capr__worker;
    const struct capr_graph *g = &capr__graph;
    *why = "out of memory";
    if (!g->edges)
        *why = "the program has not made a second thread, was linked with -fno-capriccio-graph, or CAPRICCIO_GRAPH is off";
    struct capr_snapshot *s = g->edges ? mmap(NULL, sizeof *s, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) : MAP_FAILED;
    if (s == MAP_FAILED)
        return NULL;
    s->g = *g;
    s->cycles = capr__cycles() - g->start_cycles;
    s->ns = capr__now() - g->start_ns;
    s->created = g->made_before + w->count.threads_created;
    s->switches = w->count.switches;
    s->threads = capr__process.live_threads;
    capr__scheduler_state(&s->scheduler);
    s->g.edges = copy(g->edges, (g->edge_mask + 1) * sizeof *g->edges);
    s->g.nodes = s->g.edges ? copy(g->nodes, g->node_count * sizeof *g->nodes) : NULL;
    if (s->g.nodes)
        return s;
    if (s->g.edges)
        munmap(s->g.edges, (g->edge_mask + 1) * sizeof *g->edges);
    munmap(s, sizeof *s);
    return NULL;
}

void capr__snapshot_free(struct capr_snapshot *s)
{
    munmap(s->g.edges, (s->g.edge_mask + 1) * sizeof *s->g.edges);
    munmap(s->g.nodes, s->g.node_count * sizeof *s->g.nodes);
    munmap(s, sizeof *s);
}

/* The named file is the first process's; a forked child writes beside it: x.PID.json. */
static void name_file(char *file, size_t size)
{
    const char *named = capr__env.graph_file;
    size_t stem = named ? stem_of(named) : 0;
    int pid = (int)getpid();
    if (!named)
        snprintf(file, size, "capriccio-%d.json", pid);
    else if (pid == capr__env.pid)
        snprintf(file, size, "%s", named);
    else
        snprintf(file, size, "%.*s.%d%s", (int)stem, named, pid, named + stem);
}

static struct capr_snapshot *take_for_file(void)
{
    char file[NAME];
    const char *why;
    name_file(file, sizeof file);
    struct capr_snapshot *s = capr__snapshot_take(&why);
    if (s)
        memcpy(s->file, file, sizeof file);
    else
        capr__warn("%s: no blocking graph is written: %s", file, why);
    return s;
}

static void write_meanwhile(void)
{
    struct capr_snapshot *s = take_for_file();
    if (s && capr__kernel_thread_start(finish_apart, s, STACK, 0))
        finish(s, 0);
}

void capr__graph_answer(void)
{
    int wanted = __atomic_exchange_n(&capr__graph_wanted, 0, __ATOMIC_ACQ_REL);
    if (wanted & CAPR_WANTED_FILE)
        write_meanwhile();
    if (wanted & CAPR_WANTED_WINDOW)
        capr__window_answer();
}

void capr__graph_dump_forked(void) { rendering = writing = 0; }

/* Children that fork makes for a single errand would leave as many files. */
__attribute__((destructor)) static void at_exit(void)
{
    const struct capr_worker *w = &capr__worker;
    if (!capr__env.graph_file || !w->self || (getpid() != capr__env.pid && !w->count.threads_created))
        return;
    struct capr_snapshot *s = take_for_file();
    if (s)
        finish(s, 0);
}
