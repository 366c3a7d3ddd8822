/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * See ways.h. Each edge that was gone since the last look becomes a way, or counts more: a way's weight is how often it was gone, older passages
 * counting less, but only as newer ones come from the same node, so that what is known of a node that is held stays. Further along, use and what
 * is needed are found by going from each node to the next again and again: a few rounds each time, from where the last look left off.
 */
#include "ways.h"

#include "../graph/workers.h"
#include "sched.h"

#define WAYS_MAX 65536
#define KEEP 0.75f           /* of a way's weight at each pass in which its node was left */
#define FORGOTTEN 0.002f     /* part of its node's heaviest way below which one goes */
#define WORK 40000           /* ways that are gone in one look ahead */
#define ROUNDS 24
#define BEHIND 0.75f         /* so that a circle of nodes does not add up for ever */
#define UNSURE 0.5f          /* so that a mean that is now above nothing and now below does not add up either */
#define CHUNK 1024.0f        /* bytes of a thread that has not run yet */

struct way {
    uint32_t to, next;       /* next of the same node; 0: none */
    float weight, passed;    /* passed: in this pass */
    float cpu, use[CAPR_USES];
    float spread[CAPR_AHEAD];/* standard deviation */
    uint32_t *number;        /* where this way's number stands, of its edge */
};

struct capr_node_ahead *capr__ahead;
double capr__ways_released;

static struct way *ways;     /* from 1 on */
static uint32_t way_count = 1, way_free;
static uint32_t *nodes, node_count; /* those that have ways, in the order in which they came */
static uint32_t *left, left_count;  /* nodes from which threads went on in this pass */
static uint32_t pass, starts_known, starts[64], start_count;
static float first[CAPR_AHEAD];

int capr__ways_begin(void) {
    if (capr__ahead) return 1;
    if (!ways) ways = capr__graph_reserve(WAYS_MAX * sizeof *ways);
    if (!nodes) nodes = capr__graph_reserve(CAPR_NODES_MAX * sizeof *nodes);
    if (!left) left = capr__graph_reserve(CAPR_NODES_MAX * sizeof *left);
    if (ways && nodes && left) capr__ahead = capr__graph_reserve(CAPR_NODES_MAX * sizeof *capr__ahead);
    return capr__ahead != NULL;
}

/* The way of an edge of the node `from`; 0: there is no room. */
static uint32_t way_of(uint32_t from, uint32_t *number) {
    struct capr_node_ahead *n = &capr__ahead[from];
    if (*number) return *number;
    uint32_t i = way_free;
    if (i)
        way_free = ways[i].next;
    else if (way_count < WAYS_MAX)
        i = way_count++;
    else
        return 0;
    if (!n->first && !n->pass) nodes[node_count++] = from;
    ways[i] = (struct way){.next = n->first, .number = number};
    n->first = i;
    return *number = i;
}

static void add_passed(const struct capr_edge *e, uint32_t passed, uint32_t *number) {
    struct capr_node_ahead *from = &capr__ahead[e->from];
    from->there -= passed;
    capr__ahead[e->to].there += passed;
    if (!e->samples) return;
    if (e->use[CAPR_USE_HEAP].mean < 0) capr__ways_released -= (double)passed * e->use[CAPR_USE_HEAP].mean;
    uint32_t i = way_of(e->from, number);
    if (!i) return;
    struct way *w = &ways[i];
    if (from->pass != pass) { /* for the first time in this pass */
        from->expect.lately = capr__ways_lately(e->from);
        from->pass = pass;
        left[left_count++] = e->from;
    }
    w->to = e->to;
    w->passed += (float)passed;
    w->cpu = e->cpu.mean * (float)capr__graph.ns_per_cycle;
    for (int u = 0; u < CAPR_USES; u++) w->use[u] = e->use[u].mean;
    for (int u = 0; u < CAPR_AHEAD; u++) w->spread[u] = e->use[u].variance > 0 ? __builtin_elementwise_sqrt(e->use[u].variance) : 0;
}

/* The pass has come to its end: the means of a node from which threads went on. */
static void renew(uint32_t node) {
    struct capr_node_ahead *n = &capr__ahead[node];
    struct capr_forecast *f = &n->expect;
    float all = 0, passed = 0, heaviest = 0;
    for (uint32_t i = n->first; i; i = ways[i].next) {
        passed += ways[i].passed;
        ways[i].weight = ways[i].weight * KEEP + ways[i].passed;
        ways[i].passed = 0;
        if (ways[i].weight > heaviest) heaviest = ways[i].weight;
    }
    for (uint32_t *link = &n->first; *link;) {
        uint32_t i = *link;
        struct way *w = &ways[i];
        if (w->weight >= FORGOTTEN * heaviest) {
            all += w->weight;
            link = &w->next;
            continue;
        }
        *w->number = 0;
        *link = w->next;
        w->next = way_free;
        way_free = i;
    }
    f->lately += passed;
    f->cpu = 0;
    for (int u = 0; u < CAPR_USES; u++) f->use[u] = 0;
    for (uint32_t i = n->first; i; i = ways[i].next) {
        float part = ways[i].weight / all;
        f->cpu += part * ways[i].cpu;
        for (int u = 0; u < CAPR_USES; u++) f->use[u] += part * ways[i].use[u];
    }
}

/* Threads begin at nodes of their own, to which no way leads. */
static void count_made(void) {
    for (uint32_t count = capr__node_count(); starts_known < count && start_count < sizeof starts / sizeof *starts; starts_known++)
        if (starts_known == CAPR_NODE_START || capr__graph.nodes[starts_known].start) starts[start_count++] = starts_known;
    for (const struct capr_worker_graph *g = capr__graph_workers(); g; g = g->next)
        for (uint32_t i = 0; g->seen && i < start_count; i++) {
            struct capr_node_seen *s = &g->seen[starts[i]];
            uint64_t made = __atomic_load_n(&s->made, __ATOMIC_RELAXED);
            capr__ahead[starts[i]].there += (int64_t)(made - s->made_known);
            s->made_known = made;
        }
}

void capr__ways_look(void) {
    count_made();
    if (!left_count) pass++;
    if (!capr__edges_passed(add_passed)) return; /* the rest at the next look */
    for (uint32_t i = 0; i < left_count; i++) renew(left[i]);
    left_count = 0;
}

float capr__ways_lately(uint32_t node) {
    const struct capr_node_ahead *n = &capr__ahead[node];
    float lately = n->expect.lately;
    for (uint32_t passes = pass - n->pass; passes && lately > 0.01f; passes--) lately *= KEEP;
    return lately;
}

/* What a thread takes that has not run yet: the mean of all start routines by how many of each began lately, of what they need. Which one a thread
 * will run that is about to be made is not known. */
static float mean_first(int of) {
    float sum = 0, threads = 0;
    for (uint32_t i = 0; i < start_count; i++) {
        const struct capr_node_ahead *n = &capr__ahead[starts[i]];
        float lately = n->first ? capr__ways_lately(starts[i]) : 0;
        sum += lately * n->expect.need[of];
        threads += lately;
    }
    return sum > 0 ? sum / threads : 0;
}

/* Of one way, that takes `units` for the thread itself and `made` for those that it makes. */
static void go_along(struct capr_forecast *f, const struct way *w, int of, float least, float part, float units, float made, float sure) {
    const struct capr_node_ahead *to = &capr__ahead[w->to];
    float low = units + sure * to->expect.low[of], on = to->expect.low[of] < -least ? 1 : to->freed * BEHIND;
    float need = units + made + sure * on * to->expect.need[of];
    f->low[of] += part * (low < 0 ? low : 0);
    f->net[of] += part * (low + made);
    f->need[of] += part * (need > 0 ? need : 0);
}

/* A way on which threads now take and now give back is two of them, of which each is gone as often: its mean says nothing. */
static void look_ahead(struct capr_node_ahead *n, int of, float least, float most) {
    struct capr_forecast f = {.lately = 0};
    float all = 0;
    for (uint32_t i = n->first; i; i = ways[i].next) all += ways[i].weight;
    if (!(all > 0)) return;
    for (uint32_t i = n->first; i; i = ways[i].next) {
        const struct way *w = &ways[i];
        float threads = w->use[CAPR_USE_THREADS] > 0 ? w->use[CAPR_USE_THREADS] : 0;
        float made = threads * ((of == CAPR_USE_HEAP ? CHUNK : 0) + first[of]);
        float units = w->use[of], apart = w->spread[of] > __builtin_fabsf(units) && w->spread[of] > least ? w->spread[of] : 0;
        float part = w->weight / all / 2;
        go_along(&f, w, of, least, part, units - apart, made, apart > 0 ? UNSURE : 1);
        go_along(&f, w, of, least, part, units + apart, made, apart > 0 ? UNSURE : 1);
    }
    n->expect.low[of] = f.low[of] < -most ? -most : f.low[of];
    n->expect.net[of] = f.net[of];
    n->expect.need[of] = f.need[of] > most ? most : f.need[of];
}

void capr__ways_look_ahead(int of, float least, float most) {
    uint32_t rounds = WORK / way_count;
    for (uint32_t round = 0; round == 0 || (round < rounds && round < ROUNDS); round++) {
        first[of] = mean_first(of);
        for (uint32_t i = node_count; i; i--) look_ahead(&capr__ahead[nodes[i - 1]], of, least, most);
    }
}

static void forget_passed(const struct capr_edge *e, uint32_t passed, uint32_t *number) { (void)e, (void)passed, (void)number; }

void capr__ways_forked(const struct capr_thread *self) {
    if (!capr__ahead) return;
    while (!capr__edges_passed(forget_passed)) { /* the rest of a look that the parent was at */
    }
    while (!capr__edges_passed(forget_passed)) {
    }
    count_made();
    for (uint32_t i = 1; i < way_count; i++) ways[i].passed = 0;
    left_count = 0;
    for (uint32_t i = 0, count = capr__node_count(); i < count; i++) capr__ahead[i].there = 0;
    capr__ahead[self->node].there = 1;
}
