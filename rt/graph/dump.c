/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * JSON for tools, DOT for graphviz; the same nodes and edges. The time stamp counter's rate is taken from the graph's own life, which
 * both clocks have seen. Threads that are at a node are those that came and have not gone on. Plain code.
 */
#include "dump.h"

#include <errno.h>
#include <fcntl.h>
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
#include "tables.h"
#include "text.h"
#include "window.h"

#define STAMP_CYCLES (double)(1 << CAPR_STAMP_SHIFT)
#define STACK (128u << 10) /* of the thread that writes: names of files, decoding */

volatile int capr__graph_wanted;

/* What is written: a copy of what goes on changing. Return addresses are only ever added. */
struct capr_snapshot {
    struct capr_graph g;
    uint64_t cycles, ns; /* since the graph began */
    uint64_t created, switches;
    uint32_t threads;
    struct capr_scheduler_state scheduler;
    char file[4096];
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

/* Calls `one` with each function of a place, outermost first: its name, and file:line or an empty text. */
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
        uint64_t here = i == CAPR_NODE_END || came < out[i] ? 0 : came - out[i];
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

static int write_file(const char *file, const struct capr_text *t)
{
    char beside[4096];
    if (t->failed)
        return ENOMEM;
    if ((size_t)snprintf(beside, sizeof beside, "%s.%d.tmp", file, (int)getpid()) >= sizeof beside)
        return ENAMETOOLONG;
    int fd = (int)syscall(SYS_openat, AT_FDCWD, beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644), error = 0;
    if (fd < 0)
        return errno;
    for (size_t done = 0; done < t->used && !error;) {
        long n = syscall(SYS_write, fd, t->data + done, t->used - done);
        if (n > 0)
            done += (size_t)n;
        else if (n == 0 || errno != EINTR)
            error = n ? errno : EIO;
    }
    syscall(SYS_close, fd);
    if (!error && syscall(SYS_rename, beside, file))
        error = errno;
    if (error)
        syscall(SYS_unlink, beside);
    return error;
}

/* One at a time renders: tables.c sorts once, and files have one name beside theirs. Sleeps, since the exit of the program may meet a
 * kernel thread that is at it. */
static uint8_t rendering;

static void begin(void)
{
    const struct timespec ms = {0, 1000000};
    while (__atomic_exchange_n(&rendering, 1, __ATOMIC_ACQUIRE))
        syscall(SYS_nanosleep, &ms, NULL);
}

static void end(void) { __atomic_store_n(&rendering, 0, __ATOMIC_RELEASE); }

/* Returns an errno. Between begin and end. */
static int render_all(const struct capr_snapshot *s, struct capr_text *json, struct capr_text *dot)
{
    const struct capr_graph *g = &s->g;
    uint64_t *in = mmap(NULL, 2 * sizeof *in * g->node_count, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (in == MAP_FAILED)
        return ENOMEM;
    int error = capr__tables_index();
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
    munmap(in, 2 * sizeof *in * g->node_count);
    return error;
}

int capr__snapshot_json(const struct capr_snapshot *s, struct capr_text *json)
{
    begin();
    int error = render_all(s, json, NULL);
    end();
    return error;
}

static const char *write_both(const struct capr_snapshot *s)
{
    struct capr_text json = {0}, dot = {0};
    char other[sizeof s->file + 8];
    size_t stem = strlen(s->file);
    if (stem > 5 && !strcmp(s->file + stem - 5, ".json"))
        stem -= 5;
    snprintf(other, sizeof other, "%.*s.dot", (int)stem, s->file);
    begin();
    int error = render_all(s, &json, &dot);
    if (!error)
        error = write_file(s->file, &json);
    if (!error)
        error = write_file(other, &dot);
    end();
    capr__text_free(&json);
    capr__text_free(&dot);
    return error ? strerror(error) : NULL;
}

/* Writes, tells what went wrong, and frees. */
static void *finish(void *of)
{
    struct capr_snapshot *s = of;
    const char *error = write_both(s);
    if (error)
        capr__warn("%s: the blocking graph could not be written: %s", s->file, error);
    capr__snapshot_free(s);
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
    s->created = w->count.threads_created;
    s->switches = w->count.switches;
    s->threads = w->live_threads;
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

static struct capr_snapshot *take_for(const char *file)
{
    const char *why;
    struct capr_snapshot *s = capr__snapshot_take(&why);
    if (s)
        snprintf(s->file, sizeof s->file, "%s", file);
    else
        capr__warn("%s: no blocking graph is written: %s", file, why);
    return s;
}

void capr__graph_write(const char *file)
{
    struct capr_snapshot *s = take_for(file);
    if (s)
        finish(s);
}

static void write_beside(void)
{
    char file[64];
    snprintf(file, sizeof file, "capriccio-%d.json", (int)getpid());
    struct capr_snapshot *s = take_for(capr__env.graph_file ? capr__env.graph_file : file);
    if (s && capr__kernel_thread_start(finish, s, STACK, 0))
        finish(s);
}

void capr__graph_answer(void)
{
    int wanted = __atomic_exchange_n(&capr__graph_wanted, 0, __ATOMIC_ACQ_REL);
    if (wanted & CAPR_WANTED_FILE)
        write_beside();
    if (wanted & CAPR_WANTED_WINDOW)
        capr__window_answer();
}

void capr__graph_dump_forked(void) { rendering = 0; }

__attribute__((destructor)) static void at_exit(void)
{
    if (capr__env.graph_file && capr__worker.self)
        capr__graph_write(capr__env.graph_file);
}
