/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Stride scheduling over nodes in constant time: 64 buckets in a ring, a bit for each that has nodes in it. The next node is the first of
 * the next bucket that has any; it gives a batch of its threads, oldest first, and comes again `stride` buckets on. So a node waits at
 * most for 63 buckets, each of which serves every node in it once: none starves but those that are held, for which resource.c has a
 * bound of its own. Plain code.
 */
#include "node_queues.h"

#include <sys/mman.h>

#include "policy.h"
#include "switch.h"

#define NONE UINT32_MAX
#define BUCKETS 64
#define BATCH 8         /* threads of one node in a row: what one choice costs is divided among them */
#define FORGET 0.75f    /* of a forecast, at each tick: a change of load has most of the weight after 50 ms */

struct capr_node_queue *capr__node_queues;

static struct {
    uint32_t first, last;
} buckets[BUCKETS];
static uint64_t filled; /* a bit for each bucket that is not empty */
static uint32_t now_at; /* the bucket that was served last */

int capr__nodes_init(void)
{
    if (capr__node_queues)
        return 1;
    void *p = mmap(NULL, CAPR_NODES_MAX * sizeof *capr__node_queues, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (p == MAP_FAILED)
        return 0;
    capr__node_queues = p;
    for (int i = 0; i < BUCKETS; i++)
        buckets[i].first = buckets[i].last = NONE;
    return 1;
}

static int may_run(const struct capr_node_queue *q) { return q->head && (!q->held || q->allowed); }

/* Gives a node that has a thread to run its turn, `stride` buckets on, unless it waits for one. */
static void await_turn(uint32_t node)
{
    struct capr_node_queue *q = &capr__node_queues[node];
    if (q->linked || !may_run(q))
        return;
    uint32_t at = (now_at + (q->stride ? q->stride : CAPR_STRIDE_NORMAL)) % BUCKETS;
    q->next = NONE;
    q->linked = 1;
    if (buckets[at].first == NONE)
        buckets[at].first = node;
    else
        capr__node_queues[buckets[at].last].next = node;
    buckets[at].last = node;
    filled |= 1ull << at;
}

static void keep(struct capr_thread *t)
{
    struct capr_node_queue *q = &capr__node_queues[t->node];
    capr__list_append(&q->head, &q->tail, t);
    q->count++;
    capr__policy_kept++;
    await_turn(t->node);
}

/* The node whose turn it is, taken out of its bucket; NONE if no node has one. */
static uint32_t next_node(void)
{
    while (filled) {
        uint32_t turn = (now_at + 1) % BUCKETS;
        uint64_t rotated = turn ? filled >> turn | filled << (BUCKETS - turn) : filled;
        uint32_t at = (turn + (uint32_t)__builtin_ctzll(rotated)) % BUCKETS;
        uint32_t node = buckets[at].first;
        struct capr_node_queue *q = &capr__node_queues[node];
        buckets[at].first = q->next;
        if (q->next == NONE) {
            buckets[at].last = NONE;
            filled &= ~(1ull << at);
            now_at = at; /* its last node: on to the next bucket */
        } else {
            now_at = (at + BUCKETS - 1) % BUCKETS;
        }
        q->linked = 0;
        if (may_run(q)) /* else held, or left, since it was put here */
            return node;
    }
    return NONE;
}

/* The first `most` threads of a node, to the end of the run queue. */
static uint32_t take(struct capr_worker *w, struct capr_node_queue *q, uint32_t most)
{
    uint32_t taken = 0;
    while (q->head && taken < most) {
        struct capr_thread *t = q->head;
        q->head = t->next;
        capr__run_append(w, t);
        taken++;
    }
    q->count -= taken;
    capr__policy_kept -= taken;
    return taken;
}

uint32_t capr__nodes_choose(struct capr_worker *w)
{
    struct capr_thread *t = w->run_head;
    w->run_head = NULL;
    while (t) {
        struct capr_thread *next = t->next;
        keep(t);
        t = next;
    }
    uint32_t node = next_node();
    if (node == NONE)
        return 0;
    struct capr_node_queue *q = &capr__node_queues[node];
    uint32_t taken = take(w, q, q->held && q->allowed < BATCH ? q->allowed : BATCH);
    if (q->held)
        q->allowed -= taken;
    await_turn(node);
    return taken;
}

void capr__nodes_leave(struct capr_worker *w)
{
    for (uint32_t i = 0; i < capr__graph.node_count; i++) {
        struct capr_node_queue *q = &capr__node_queues[i];
        take(w, q, UINT32_MAX);
        q->held = 0;
    }
}

void capr__node_hold(uint32_t node, int held, uint64_t now)
{
    struct capr_node_queue *q = &capr__node_queues[node];
    q->allowed = 0;
    if (q->held == held)
        return;
    q->held = (uint8_t)held;
    q->held_since = now;
    await_turn(node);
}

void capr__node_allow(uint32_t node, uint32_t threads, uint64_t now)
{
    struct capr_node_queue *q = &capr__node_queues[node];
    q->held_since = now;
    q->allowed += threads;
    await_turn(node);
}

void capr__nodes_forecast(void)
{
    struct capr_graph *g = &capr__graph;
    for (uint32_t i = 0; i < g->node_count; i++)
        capr__node_queues[i].expect.lately *= FORGET;
    for (uint64_t i = 0; i <= g->edge_mask; i++) {
        struct capr_edge *e = &g->edges[i];
        if (e->from == UINT32_MAX || !e->samples)
            continue;
        uint32_t count = (uint32_t)capr__edge_count(e), passed = count - e->seen;
        e->seen = count;
        if (!passed)
            continue;
        struct capr_node_queue *q = &capr__node_queues[e->from];
        struct capr_forecast *f = &q->expect;
        f->lately += (float)passed;
        float weight = (float)passed / f->lately;
        f->cpu += weight * (e->cpu.mean * (float)g->ns_per_cycle - f->cpu);
        for (int u = 0; u < CAPR_USES; u++)
            f->use[u] += weight * (e->use[u].mean - f->use[u]);
        q->known = 1;
    }
}
