// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// From JSON to structs. A file may be cut short, of another version or no graph at all, and whoever wrote it may be newer than this
// reader: what it must have is checked and named when it is missing, what it may have is taken if it is of the kind expected.
#include "model.h"

#include "clean.h"
#include "say.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define FORMAT "capriccio-graph"
#define VERSION 1

static const char *const kind_keys[KINDS] = {"sockets", "pipes", "files", "other"};
const char *const kind_names[KINDS] = {"sockets", "pipes", "files", "other descriptors"};

static double number(const cJSON *of, const char *name) {
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(of, name);
    return cJSON_IsNumber(item) && isfinite(item->valuedouble) ? item->valuedouble : 0;
}

/// What cannot be less than nothing.
static double amount(const cJSON *of, const char *name) { return fmax(number(of, name), 0); }

static const char *string(const cJSON *of, const char *name) {
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(of, name);
    return cJSON_IsString(item) ? clean(item->valuestring) : NULL;
}

static bool truth(const cJSON *of, const char *name) { return cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(of, name)); }

static struct average average_of(const cJSON *item) {
    double samples = number(item, "samples");
    return (struct average){number(item, "mean"), number(item, "deviation"), samples > 0 && samples < 4e9 ? (unsigned)samples : 0};
}

static struct average average(const cJSON *of, const char *name) { return average_of(cJSON_GetObjectItemCaseSensitive(of, name)); }

static void read_kinds(struct average kinds[KINDS], const cJSON *of) {
    const cJSON *json = cJSON_GetObjectItemCaseSensitive(of, "files_by_kind");
    for (int k = 0; k < KINDS; k++) kinds[k] = average(json, kind_keys[k]);
}

static void *array(int count, size_t size) { return calloc(count > 0 ? (size_t)count : 1, size); }

static int read_node(struct node *n, const cJSON *json) {
    n->id = string(json, "id");
    if (!n->id) return 1;
    n->call = string(json, "call");
    n->count = amount(json, "count");
    n->threads = amount(json, "threads");
    n->exact = !cJSON_IsFalse(cJSON_GetObjectItemCaseSensitive(json, "exact"));
    n->wait_ns = average(json, "wait_ns");
    n->delay_ns = average(json, "delay_ns");
    n->stack_bytes = average(json, "stack_bytes");
    read_kinds(n->kinds, json);
    const cJSON *held = cJSON_GetObjectItemCaseSensitive(json, "held"), *priority = cJSON_GetObjectItemCaseSensitive(json, "priority");
    if (cJSON_IsString(held))
        n->held = clean(held->valuestring);
    else if (cJSON_IsTrue(held) || (cJSON_IsNumber(held) && held->valuedouble != 0))
        n->held = "held";
    n->has_priority = cJSON_IsNumber(priority);
    if (n->has_priority) n->priority = priority->valuedouble;

    const cJSON *chain = cJSON_GetObjectItemCaseSensitive(json, "chain"), *step;
    n->steps = array(cJSON_GetArraySize(chain), sizeof *n->steps);
    if (!n->steps) return 1;
    cJSON_ArrayForEach(step, chain) {
        const char *function = string(step, "function");
        n->steps[n->step_count++] = (struct step){function ? function : "?", string(step, "at"), truth(step, "recursive")};
    }
    return 0;
}

/// Ids in order, for looking up what edges name.
struct by_id {
    const char *id;
    int node;
};

static int order(const void *a, const void *b) { return strcmp(((const struct by_id *)a)->id, ((const struct by_id *)b)->id); }

static int find(const struct by_id *ids, int count, const char *id) {
    const struct by_id wanted = {id, 0}, *found = id ? bsearch(&wanted, ids, (size_t)count, sizeof *ids, order) : NULL;
    return found ? found->node : -1;
}

/// Averages of what the program declares, by its own names.
static int read_named(struct edge *e, const cJSON *named) {
    const cJSON *json;
    if (!cJSON_IsObject(named)) return 0;
    e->named = array(cJSON_GetArraySize(named), sizeof *e->named);
    if (!e->named) return 1;
    cJSON_ArrayForEach(json, named) e->named[e->named_count++] = (struct named){clean(json->string), average_of(json)};
    return 0;
}

/// The ids of all nodes, in order; NULL, and said why, where there is no memory or two are the same.
static struct by_id *sorted_ids(const struct graph *g, const char *where) {
    struct by_id *ids = array(g->node_count, sizeof *ids);
    if (!ids) {
        say_error("%s: out of memory", where);
        return NULL;
    }
    for (int i = 0; i < g->node_count; i++) ids[i] = (struct by_id){g->nodes[i].id, i};
    qsort(ids, (size_t)g->node_count, sizeof *ids, order);
    for (int i = 1; i < g->node_count; i++) {
        if (order(&ids[i - 1], &ids[i])) continue;
        say_error("%s: two nodes have the id \"%.100s\"; have the program write it anew", where, ids[i].id);
        free(ids);
        return NULL;
    }
    return ids;
}

static int read_edges(struct graph *g, const char *where, const cJSON *edges) {
    struct by_id *ids = sorted_ids(g, where);
    if (!ids) return 1;
    g->edges = array(cJSON_GetArraySize(edges), sizeof *g->edges);
    if (!g->edges) {
        free(ids);
        return say_error("%s: out of memory", where);
    }
    const cJSON *json;
    cJSON_ArrayForEach(json, edges) {
        struct edge *e = &g->edges[g->edge_count++];
        e->from = find(ids, g->node_count, string(json, "from"));
        e->to = find(ids, g->node_count, string(json, "to"));
        if (e->from < 0 || e->to < 0) {
            free(ids);
            return say_error("%s: edge %d leads from or to no node of the file; have the program write it anew", where, g->edge_count);
        }
        e->count = amount(json, "count");
        e->cpu_ns = average(json, "cpu_ns");
        e->heap_bytes = average(json, "heap_bytes");
        e->files = average(json, "files");
        read_kinds(e->kinds, json);
        e->threads = average(json, "threads");
        if (read_named(e, cJSON_GetObjectItemCaseSensitive(json, "named"))) {
            free(ids);
            return say_error("%s: out of memory", where);
        }
    }
    free(ids);
    return 0;
}

/// Marks the nodes that a list names, as ids or as objects with one.
static void read_held(struct graph *g, const cJSON *held) {
    const cJSON *json;
    if (cJSON_IsNumber(held)) g->held_count = held->valuedouble;
    if (!cJSON_IsArray(held)) return;
    cJSON_ArrayForEach(json, held) {
        const char *id = cJSON_IsString(json) ? clean(json->valuestring) : string(json, "id"), *why = string(json, "why");
        for (int i = 0; id && i < g->node_count; i++)
            if (!strcmp(g->nodes[i].id, id)) g->nodes[i].held = why ? why : "held";
    }
}

static int read_scheduler(struct graph *g, const cJSON *scheduler) {
    g->scheduler = string(scheduler, "name");
    g->favours = string(scheduler, "favours");
    read_held(g, cJSON_GetObjectItemCaseSensitive(scheduler, "nodes held"));
    const cJSON *resources = cJSON_GetObjectItemCaseSensitive(scheduler, "resources"), *json;
    g->resources = array(cJSON_GetArraySize(resources), sizeof *g->resources);
    if (!g->resources) return 1;
    cJSON_ArrayForEach(json, resources) {
        const char *name = string(json, "name");
        if (!name) continue;
        struct resource *r = &g->resources[g->resource_count++];
        *r = (struct resource){.name = name, .used = amount(json, "used"), .limit = amount(json, "limit"), .scarce = truth(json, "scarce")};
        const cJSON *kinds = cJSON_GetObjectItemCaseSensitive(json, "by_kind");
        r->has_kinds = cJSON_IsObject(kinds);
        for (int k = 0; k < KINDS; k++) r->kinds[k] = amount(kinds, kind_keys[k]);
    }
    return 0;
}

/// How lists, objects and strings lie within each other.
struct nesting {
    size_t deepest;
    bool open; ///< something has not ended where the text does
};

static struct nesting nesting_of(const char *text, size_t length) {
    size_t depth = 0, deepest = 0;
    bool quoted = false;
    for (size_t i = 0; i < length; i++) {
        if (text[i] == '"') quoted = !quoted;
        if (quoted && text[i] == '\\') i++;
        if (quoted) continue;
        if (text[i] == '[' || text[i] == '{') deepest = ++depth > deepest ? depth : deepest;
        if ((text[i] == ']' || text[i] == '}') && depth) depth--;
    }
    return (struct nesting){deepest, quoted || depth};
}

/// Says what stopped the parser.
static int no_json(const char *where, const char *text, size_t length, const char *end) {
    size_t at = end && end >= text ? (size_t)(end - text) : 0;
    while (length && strchr(" \t\r\n", text[length - 1])) length--;
    if (!length) return say_error("%s: is empty; have the program write it anew", where);
    if (text[0] != '{') return say_error("%s: is no blocking graph; give a file that CAPRICCIO_GRAPH named, or a process's number", where);
    struct nesting nesting = nesting_of(text, length);
    if (nesting.deepest > CJSON_NESTING_LIMIT)
        return say_error("%s: nests deeper than %d levels, which no blocking graph does; have the program write it anew", where, CJSON_NESTING_LIMIT);
    // The parser stands before what it could not finish: a text that ends in the middle may leave it at the last string's start.
    if (nesting.open && (at >= length || !memchr(text + at, '\n', length - at)))
        return say_error("%s: ends in the middle, after %zu bytes; copy it whole, or have the program write it anew", where, length);
    return say_error("%s: is no JSON at byte %zu; have the program write it anew", where, at);
}

int graph_read(struct graph *g, const char *where, const char *text, size_t length) {
    *g = (struct graph){0};
    const char *end = NULL;
    g->json = memchr(text, 0, length) ? NULL : cJSON_ParseWithLengthOpts(text, length, &end, 0);
    if (!g->json) return no_json(where, text, length, end);
    size_t rest = length - (size_t)(end - text);
    for (size_t i = 0; i < rest; i++)
        if (!strchr(" \t\r\n", end[i])) return say_error("%s: more follows the graph, at byte %zu; have the program write it anew", where, length - rest + i);

    const char *format = string(g->json, "format"), *error = string(g->json, "error");
    double version = number(g->json, "version");
    if (!format || strcmp(format, FORMAT))
        return say_error("%s: is no blocking graph; give a file that CAPRICCIO_GRAPH named, or a process's number", where);
    if (version != VERSION)
        return say_error("%s: version %g of the format; this %s reads %d: use the one that came with the program's capcc", where, version,
                         say_tool, VERSION);
    if (error) return say_error("%s: no graph: %s", where, error);
    const cJSON *nodes = cJSON_GetObjectItemCaseSensitive(g->json, "nodes"), *edges = cJSON_GetObjectItemCaseSensitive(g->json, "edges"), *json;
    if (!cJSON_IsArray(nodes) || !cJSON_IsArray(edges))
        return say_error("%s: has no list of %s; have the program write it anew", where, cJSON_IsArray(nodes) ? "edges" : "nodes");

    g->program = string(g->json, "program");
    if (!g->program) g->program = "?";
    g->pid = amount(g->json, "pid");
    g->threads = amount(g->json, "threads");
    g->switches = amount(g->json, "switches");
    g->workers = amount(g->json, "workers");
    g->lost = amount(g->json, "lost");
    g->elapsed_ns = amount(g->json, "elapsed_ns");
    g->nodes = array(cJSON_GetArraySize(nodes), sizeof *g->nodes);
    if (!g->nodes) return say_error("%s: out of memory", where);
    cJSON_ArrayForEach(json, nodes) {
        if (read_node(&g->nodes[g->node_count++], json))
            return say_error("%s: node %d has no id; have the program write it anew", where, g->node_count);
    }
    if (read_edges(g, where, edges)) return 1;
    if (read_scheduler(g, cJSON_GetObjectItemCaseSensitive(g->json, "scheduler"))) return say_error("%s: out of memory", where);
    return 0;
}

void graph_free(struct graph *g) {
    for (int i = 0; i < g->node_count; i++) free(g->nodes[i].steps);
    for (int i = 0; i < g->edge_count; i++) free(g->edges[i].named);
    free(g->nodes);
    free(g->edges);
    free(g->resources);
    cJSON_Delete(g->json);
    *g = (struct graph){0};
}

bool node_is_start(const struct node *n) { return !strncmp(n->id, "start", 5); }
bool node_is_end(const struct node *n) { return !strcmp(n->id, "end"); }
