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
#define BEARS 4
#define CHUNK 1024.0f            /* bytes of a thread that has not run yet */
#define WAIT_FIRST 20000000ull   /* ns */
#define PROVEN 8                 /* threads that went on in one look without use having grown: it is a program that gives back */

static int begin(uint64_t now) {
    struct capr_graph *g = &capr__graph;
    if (!g->start_ns || !capr__nodes_init()) return 0;
    uint64_t cycles = capr__cycles() - g->start_cycles;
    if (cycles) g->ns_per_cycle = (double)(now - g->start_ns) / (double)cycles;
    return 1;
}

int capr__graph_decides(struct capr_worker *w, uint64_t now) {
    (void)w;
    if (!begin(now)) return 0;
    capr__nodes_forecast();
    uint32_t nodes = capr__node_count();
    double sum = 0, count = 0;
    for (uint32_t i = 0; i < nodes; i++) {
        const struct capr_node_queue *q = &capr__node_queues[i];
        sum += q->expect.cpu * q->expect.lately;
        count += q->expect.lately;
    }
    for (uint32_t i = 0; i < nodes && sum > 0; i++) {
        struct capr_node_queue *q = &capr__node_queues[i];
        double stride = q->known ? CAPR_STRIDE_NORMAL * q->expect.cpu / (sum / count) : CAPR_STRIDE_NORMAL;
        q->stride = (uint8_t)(stride < 1 ? 1 : stride > CAPR_STRIDE_MOST ? CAPR_STRIDE_MOST : stride);
    }
    return 1;
}

/* Bytes that a thread takes that has not run yet: of all start routines, by how many threads of each ran lately. Which of them a thread is
 * about to make is not known; once it is made, it is at its own routine's node. */
static float first_takes;
static float mean_first_takes(void) {
    float sum = 0, threads = 0;
    for (uint32_t i = 0, count = capr__node_count(); i < count; i++) {
        const struct capr_node_queue *q = &capr__node_queues[i];
        if (!q->known || (i != CAPR_NODE_START && !capr__graph.nodes[i].start)) continue;
        sum += q->expect.lately * capr__node_takes(q, CAPR_USE_HEAP);
        threads += q->expect.lately;
    }
    return sum > 0 ? sum / threads : 0;
}

/* What going on from here takes of a limit; who makes threads takes what these will take first of all. */
static float takes(const struct capr_node_queue *q, int i) {
    float bytes = capr__node_takes(q, capr__limits[i].use), threads = q->expect.use[CAPR_USE_THREADS];
    if (i != CAPR_LIMIT_MEMORY || threads <= 0) return bytes;
    return bytes + threads * (CHUNK + first_takes);
}

/* Does going on from here take what is scarce, or give it back? CAPR_NODE_*; `what`: CAPR_LIMIT_*. What the program declares is not taken
 * without leave: who has to wait for it does so in capr_resource_acquire, in order. */
static int effect(const struct capr_node_queue *q, int *what) {
    int does = CAPR_NODE_PASSES;
    *what = 0;
    for (int i = 0; i < CAPR_LIMITS && q->known; i++) {
        const struct capr_limit *l = &capr__limits[i];
        if (!l->scarce) continue;
        float amount = takes(q, i);
        if (amount > l->least && i < CAPR_LIMIT_NAMED) {
            *what = i;
            return CAPR_NODE_TAKES;
        }
        if (amount < -l->least && does == CAPR_NODE_PASSES) {
            does = CAPR_NODE_GIVES;
            *what = i;
        }
    }
    return does;
}

/* How many threads of each node that takes may go on until the next look although there is no room. To hold all of them is no use to a
 * program that takes as much as it gives back and has all but filled its limit, or whose threads hold what those wait for that would give
 * back. So where use does not fall by itself one goes, then two, then four; where it grows too fast for what is left, half as many. At
 * the very brim, where what is left may not bear a thread more, use is compared with what it was before the first one went; where it has
 * not come back to that when all are held again, the next one has to wait, longer each time. What may be used up is not spared: a program
 * that refuses connections only at its last descriptor has to come to it, so there one goes at each look. */
static uint32_t beyond(int i, double room, uint64_t now) {
    static struct trial {
        double tried_at;        /* units in use when the first thread went */
        uint64_t again_at, wait;/* ns */
        uint32_t threads;
    } all[CAPR_LIMITS];
    struct trial *at = &all[i];
    const struct capr_limit *l = &capr__limits[i];
    if (l->to_the_end) return room <= 0;
    int brim = l->used > BRIM * l->limit;
    double left = (brim ? 1 : BRIM) * l->limit - l->used;
    double bears = left > 0 ? left / SHARE : FALLS * l->limit; /* beyond a limit that is only a wish, the noise */
    if (room > 0 || (!brim && l->grew < -FALLS * l->limit)) {
        at->threads = 0;
        at->wait = at->again_at = 0;
        return 0;
    }
    if (!at->threads) {
        if (now < at->again_at && l->used > at->tried_at) return 0;
        at->threads = 1;
        at->tried_at = l->used;
        return 1;
    }
    if (l->used < at->tried_at) at->tried_at = l->used;
    if ((brim ? l->used - at->tried_at : l->grew) > bears) {
        at->threads /= 2;
        if (brim && !at->threads) {
            at->wait = at->wait ? at->wait * 2 : WAIT_FIRST;
            if (at->wait > PATIENCE) at->wait = PATIENCE;
            at->again_at = now + at->wait;
        }
    } else {
        if (at->threads < BEYOND_MOST) at->threads *= 2;
        if (at->threads > PROVEN) at->wait = 0;
    }
    return at->threads;
}

/* No more than what is left of a limit bears, if nothing of what they take comes back before the next look: beyond it the kernel may end
 * the process. Where that is what it is beyond, the limit is a wish. */
static uint32_t at_most(uint32_t threads, const struct capr_limit *l, double each) {
    double left = l->most - l->used, bears = left / (l->to_the_end ? 1 : BEARS) / each;
    return !l->counted || left < 0 || bears > threads ? threads : (uint32_t)bears;
}

int capr__resource_decides(struct capr_worker *w, uint64_t now) {
    if (!begin(now)) return 0;
    /* Forecasts also while nothing is scarce, so that they are there when something is. */
    capr__nodes_forecast();
    if (!capr__limits_look(w, now)) return 0;
    static double least[CAPR_LIMITS]; /* what the most modest thread takes that waited for room at the last look: less than that is none */
    double room[CAPR_LIMITS];
    uint32_t more[CAPR_LIMITS];
    for (int i = 0; i < CAPR_LIMITS; i++) {
        more[i] = 0;
        room[i] = capr__limits[i].counted ? FULL * capr__limits[i].limit - capr__limits[i].used : 0;
        if (!capr__limits[i].scarce || !capr__limits[i].counted) continue;
        capr__nodes_learn(i, capr__limits[i].grew, FALLS * capr__limits[i].limit);
        more[i] = beyond(i, room[i] - least[i], now);
        if (more[i] > PROVEN && room[i] < 0) /* what is given back may be taken, though no more: use stays as it is */
            room[i] = 0;
    }
    for (int i = 0; i < CAPR_LIMITS; i++) least[i] = 0;
    capr__nodes_decide(room);
    first_takes = mean_first_takes();
    for (uint32_t i = 0, count = capr__node_count(); i < count; i++) {
        struct capr_node_queue *q = &capr__node_queues[i];
        int what, does = effect(q, &what);
        const struct capr_limit *l = &capr__limits[what];
        q->stride = does == CAPR_NODE_GIVES ? STRIDE_FIRST : CAPR_STRIDE_NORMAL;
        float each = l->counted ? __builtin_fabsf(takes(q, what)) : does == CAPR_NODE_TAKES;
        capr__node_does(i, does, what, each, now);
        if (does != CAPR_NODE_TAKES || !q->threads.head) continue;
        least[what] = least[what] > 0 && least[what] < each ? least[what] : each;
        int patience_ends = now - q->held_since > (l->counted ? PATIENCE : PATIENCE_WORK);
        uint32_t go = at_most(more[what], l, each);
        capr__node_allow(i, go ? go : (uint32_t)patience_ends);
    }
    capr__nodes_decided();
    return 1;
}
