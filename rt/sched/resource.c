/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Priorities of nodes. `graph`: nodes whose threads soon block again come more often. `resource`: a FIFO while nothing is scarce, so that
 * an untroubled server pays nothing; once something is, threads at nodes that lead to taking it are let in only as far as there is some
 * left, those that give it back come first, and the rest take turns as before. What is not let in waits where it costs nothing: a listener's
 * backlog, a full pipe. Plain code.
 */
#include "limits.h"
#include "node_queues.h"
#include "policy.h"

#define PATIENCE 1000000000ull   /* ns until a thread of a node that is held runs all the same */
#define PATIENCE_WORK 100000000ull/* the same where what is scarce is somebody's time, of which one more thread takes little */
#define FULL 0.97                /* part of a limit up to which there is a budget */
#define STRIDE_FIRST 1
#define BRIM 0.99                /* up to which use may grow all the same, the more slowly the nearer */
#define SHARE 16                 /* so that a look's growth is at most this part of what is left */
#define FALLS 0.001              /* part of a limit by which use falls within a look while it is being given back */
#define BEYOND_MOST 4096

static int begin(uint64_t now)
{
    struct capr_graph *g = &capr__graph;
    if (!g->edges || !capr__nodes_init())
        return 0;
    uint64_t cycles = capr__cycles() - g->start_cycles;
    if (cycles)
        g->ns_per_cycle = (double)(now - g->start_ns) / (double)cycles;
    return 1;
}

int capr__graph_decides(struct capr_worker *w, uint64_t now)
{
    (void)w;
    if (!begin(now))
        return 0;
    capr__nodes_forecast();
    double sum = 0, count = 0;
    for (uint32_t i = 0; i < capr__graph.node_count; i++) {
        const struct capr_node_queue *q = &capr__node_queues[i];
        sum += q->expect.cpu * q->expect.lately;
        count += q->expect.lately;
    }
    for (uint32_t i = 0; i < capr__graph.node_count && sum > 0; i++) {
        struct capr_node_queue *q = &capr__node_queues[i];
        double stride = q->known ? CAPR_STRIDE_NORMAL * q->expect.cpu / (sum / count) : CAPR_STRIDE_NORMAL;
        q->stride = (uint8_t)(stride < 1 ? 1 : stride > CAPR_STRIDE_MOST ? CAPR_STRIDE_MOST : stride);
    }
    return 1;
}

/* Does going on from here take what is scarce, or give it back? CAPR_NODE_*; `what`: CAPR_LIMIT_*. What the program declares is not taken
 * without leave: who has to wait for it does so in capr_resource_acquire, in order. */
static int effect(const struct capr_node_queue *q, int *what)
{
    int does = CAPR_NODE_PASSES;
    *what = 0;
    for (int i = 0; i < CAPR_LIMITS && q->known; i++) {
        const struct capr_limit *l = &capr__limits[i];
        if (!l->scarce)
            continue;
        if (q->expect.use[l->use] > l->least && i < CAPR_LIMIT_NAMED) {
            *what = i;
            return CAPR_NODE_TAKES;
        }
        if (q->expect.use[l->use] < -l->least && does == CAPR_NODE_PASSES) {
            does = CAPR_NODE_GIVES;
            *what = i;
        }
    }
    return does;
}

/* How many threads of each node that takes may go on until the next look although there is no room. To hold all of them is no use to a
 * program that takes as much as it gives back and has all but filled its limit, or whose threads hold what those wait for that would give
 * back. So where use does not fall by itself one goes, then two, then four; where it grows too fast for what is left, half as many. */
static uint32_t beyond(int i, double room)
{
    static struct {
        double used;
        uint32_t threads;
    } all[CAPR_LIMITS];
    const struct capr_limit *l = &capr__limits[i];
    double grew = l->used - all[i].used;
    all[i].used = l->used;
    uint32_t *threads = &all[i].threads;
    if (room > 0 || grew < -FALLS * l->limit)
        *threads = 0;
    else if (grew > (BRIM * l->limit - l->used) / SHARE || l->used > BRIM * l->limit)
        *threads /= 2;
    else if (*threads < BEYOND_MOST)
        *threads = *threads ? *threads * 2 : 1;
    return *threads;
}

int capr__resource_decides(struct capr_worker *w, uint64_t now)
{
    if (!begin(now))
        return 0;
    /* Forecasts also while nothing is scarce, so that they are there when something is. */
    capr__nodes_forecast();
    if (!capr__limits_look(w, now))
        return 0;
    double room[CAPR_LIMITS];
    uint32_t more[CAPR_LIMITS] = {0};
    for (int i = 0; i < CAPR_LIMITS; i++) {
        room[i] = capr__limits[i].counted ? FULL * capr__limits[i].limit - capr__limits[i].used : 0;
        if (capr__limits[i].scarce && capr__limits[i].counted)
            more[i] = beyond(i, room[i]);
    }
    capr__nodes_decide(room);
    for (uint32_t i = 0; i < capr__graph.node_count; i++) {
        struct capr_node_queue *q = &capr__node_queues[i];
        int what, does = effect(q, &what);
        const struct capr_limit *l = &capr__limits[what];
        q->stride = does == CAPR_NODE_GIVES ? STRIDE_FIRST : CAPR_STRIDE_NORMAL;
        float each = l->counted ? __builtin_fabsf(q->expect.use[l->use]) : does == CAPR_NODE_TAKES;
        capr__node_does(i, does, what, each, now);
        if (does != CAPR_NODE_TAKES || !q->head)
            continue;
        int patience_ends = now - q->held_since > (l->counted ? PATIENCE : PATIENCE_WORK);
        capr__node_allow(i, more[what] ? more[what] : (uint32_t)patience_ends);
    }
    capr__nodes_decided();
    return 1;
}
