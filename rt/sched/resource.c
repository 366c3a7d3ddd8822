/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Priorities of nodes. `graph`: nodes whose threads soon block again come more often. `resource`: a FIFO while nothing is scarce, so that
 * an untroubled server pays nothing; once something is, threads at nodes that lead to taking it are let in only as far as there is some
 * left, those that give it back come first, and the rest take turns as before. What is not let in waits where it costs nothing: a listener's
 * backlog, a full pipe.
 *
 * To hold those who take is not enough: a request that has taken half of what it needs and is held gives nothing back, and where all are held
 * nothing is ever done. So there is room first for those that are in the middle of what ends with giving back, the nearest to its end first; who
 * begins such is let in only where all that it will need is left beside what those will; and who takes for good comes last (Dijkstra's banker,
 * by forecasts). Plain code.
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
#define NEEDS 4                 /* times what those that finish need in the mean, until they are taken not to give it back */
#define FINISHING 0.02           /* part of a limit that those may take together that go on although there is no room, and will give it back */
#define BEARS 4
#define NEED_MOST 4              /* nobody is reckoned to need more than this part of a limit: it would never be let in */
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
    capr__ways_look();
    uint32_t nodes = capr__node_count();
    double sum = 0, count = 0;
    for (uint32_t i = 0; i < nodes; i++) {
        float lately = capr__ways_lately(i);
        sum += capr__ahead[i].expect.cpu * lately;
        count += lately;
    }
    for (uint32_t i = 0; i < nodes && sum > 0; i++) {
        struct capr_node_queue *q = &capr__node_queues[i];
        double stride = capr__ahead[i].first ? CAPR_STRIDE_NORMAL * capr__ahead[i].expect.cpu / (sum / count) : CAPR_STRIDE_NORMAL;
        q->stride = (uint8_t)(stride < 1 ? 1 : stride > CAPR_STRIDE_MOST ? CAPR_STRIDE_MOST : stride);
    }
    return 1;
}

/* What going on from a node does to a limit of which the use is counted. */
static struct capr_node_effect effect_counted(const struct capr_forecast *f, int i) {
    const struct capr_limit *l = &capr__limits[i];
    struct capr_node_effect is = {.what = (uint8_t)i, .each = f->use[l->use], .need = f->need[l->use]};
    if (is.each < -l->least)
        is.does = CAPR_NODE_GIVES;
    else if (is.need <= l->least)
        is.does = CAPR_NODE_PASSES;
    else if (f->low[l->use] < -l->least)
        is.does = CAPR_NODE_FINISHES;
    else
        is.does = f->net[l->use] <= l->least ? CAPR_NODE_BORROWS : CAPR_NODE_TAKES;
    return is;
}

/* The same where a thread of which more are there makes it the scarcer: who brings work in, by a descriptor that it keeps, or makes threads. And of
 * what the program declares, which is not taken without leave: who has to wait for it does so in capr_resource_acquire, in order. */
static struct capr_node_effect effect_on_delays(const struct capr_forecast *f, int i) {
    const struct capr_limit *l = &capr__limits[i];
    int named = i >= CAPR_LIMIT_NAMED;
    struct capr_node_effect is = {.does = CAPR_NODE_PASSES, .what = (uint8_t)i, .each = named ? f->use[l->use] : 1, .need = 1};
    float keeps = l->use < CAPR_AHEAD ? f->net[l->use] : f->use[l->use];
    if (f->use[l->use] < -l->least)
        is.does = CAPR_NODE_GIVES;
    else if (!named && keeps > l->least && f->use[l->use] > l->least)
        is.does = CAPR_NODE_TAKES;
    return is;
}

/* Does going on from here take what is scarce, or give it back? Who takes several things is held for the one of which it is the farthest from giving
 * back, but goes first there if it is about to give back another. */
static struct capr_node_effect effect(uint32_t node) {
    struct capr_node_effect is = {.does = CAPR_NODE_PASSES}, finishes = is;
    for (int i = 0; i < CAPR_LIMITS && capr__ahead[node].first; i++) {
        const struct capr_limit *l = &capr__limits[i];
        if (!l->scarce) continue;
        const struct capr_forecast *f = &capr__ahead[node].expect;
        struct capr_node_effect as = l->counted && l->use < CAPR_AHEAD ? effect_counted(f, i) : effect_on_delays(f, i);
        if (as.does == CAPR_NODE_FINISHES) finishes = as;
        if (as.does > is.does) is = as;
    }
    if (finishes.does == CAPR_NODE_PASSES) return is;
    if (!capr__limits[is.what].counted) return finishes;
    is.does = CAPR_NODE_FINISHES;
    return is;
}

/* How many threads of each node that takes may go on until the next look although there is no room. To hold all of them is no use to a
 * program that takes as much as it gives back and has all but filled its limit, or whose threads hold what those wait for that would give
 * back. So where use does not fall by itself one goes, then two, then four; where it grows too fast for what is left, half as many. At
 * the very brim, where what is left may not bear a thread more, use is compared with what it was before the first one went; where it has
 * not come back to that when all are held again, the next one has to wait, longer each time. Where those that wait first are in the middle of
 * something, each of which needs so much more until it gives back (`needs`, else 0), use may grow by that, for so few of them that it is little. */
static uint32_t beyond(int i, double room, double needs, uint64_t now) {
    static struct trial {
        double tried_at;        /* units in use when the first thread went */
        uint64_t again_at, wait;/* ns */
        uint32_t threads;
    } all[CAPR_LIMITS];
    struct trial *at = &all[i];
    const struct capr_limit *l = &capr__limits[i];
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
    int back = l->used <= at->tried_at; /* what the last ones took */
    if (back) at->tried_at = l->used;
    bears += NEEDS * at->threads * needs;
    if ((brim || needs > 0 ? l->used - at->tried_at : l->grew) > bears) {
        at->threads /= 2;
        if (brim && !at->threads) {
            at->wait = at->wait ? at->wait * 2 : WAIT_FIRST;
            if (at->wait > PATIENCE) at->wait = PATIENCE;
            at->again_at = now + at->wait;
        }
    } else if (needs == 0 || back) {
        if (at->threads < BEYOND_MOST && 2 * at->threads * needs <= FINISHING * l->limit) at->threads *= 2;
        if (at->threads > PROVEN) at->wait = 0;
    }
    return at->threads;
}

/* No more than what is left of a limit bears if nothing of what they take comes back before the next look, and a quarter of that where they do not
 * give it back soon: beyond it the kernel may end the process. Where that is what it is beyond, the limit is a wish. What may be used up ends
 * nobody: where nothing is left of it, and none comes back, one more is told so, who may give back what he has. */
static uint32_t at_most(uint32_t threads, const struct capr_limit *l, double each, int gives_back) {
    double left = l->most - l->used, bears = left / (gives_back ? 1 : BEARS) / each;
    if (l->to_the_end && left < each) return threads && l->grew >= 0;
    if (gives_back && bears < 1) return threads > 0; /* else nothing is given back at all */
    return !l->counted || left < 0 || bears > threads ? threads : (uint32_t)bears;
}

/* A decision in the making, by CAPR_LIMIT_*. */
struct decision {
    double room[CAPR_LIMITS];    /* units */
    double claimed[CAPR_LIMITS]; /* that those are going to need that are in the middle of something, */
    double most[CAPR_LIMITS];    /* and the most that any of them does */
    uint32_t more[CAPR_LIMITS];  /* threads that may go on although there is no room */
};

/* Who waited at the last look, by CAPR_LIMIT_*: the first line in which any did, and what the most modest there needs. Less than that is no room. */
static struct {
    uint8_t line;
    double least;
} waited[CAPR_LIMITS];

static void note_waiting(const struct capr_node_effect *is) {
    uint8_t line = waited[is->what].line;
    if (is->line < line || (is->line == line && is->need < waited[is->what].least)) waited[is->what].least = is->need;
    if (is->line < line) waited[is->what].line = is->line;
}

/* Who is where is known by edges that are not all looked at in the same moment: so no more threads are reckoned with than there are. */
static void claims(struct decision *d) {
    double there = 0, threads = (double)capr__process.live_threads;
    for (uint32_t node = 0, count = capr__node_count(); node < count; node++)
        if (capr__ahead[node].there > 0) there += (double)capr__ahead[node].there;
    double part = there > threads ? threads / there : 1;
    for (uint32_t node = 0, count = capr__node_count(); node < count; node++) {
        const struct capr_node_ahead *n = &capr__ahead[node];
        if (!n->first || n->there <= 0) continue;
        for (int i = 0; i < CAPR_LIMIT_NAMED; i++) {
            const struct capr_limit *l = &capr__limits[i];
            if (!l->scarce || !l->counted || n->expect.low[l->use] >= -l->least) continue;
            d->claimed[i] += part * (double)n->there * n->expect.need[l->use];
            if (n->expect.need[l->use] > d->most[i]) d->most[i] = n->expect.need[l->use];
        }
    }
}

static void reckon(struct decision *d, uint64_t now) {
    for (int u = 0; u < CAPR_AHEAD; u++) { /* limits of delays ask who keeps descriptors, too */
        const struct capr_limit *l = &capr__limits[u == CAPR_USE_HEAP ? CAPR_LIMIT_MEMORY : CAPR_LIMIT_FILES];
        int asked = 0;
        for (int i = 0; i < CAPR_LIMIT_NAMED; i++) asked |= capr__limits[i].scarce && capr__limits[i].use == u;
        if (asked) capr__ways_look_ahead(u, (float)l->least, (float)(l->limit / NEED_MOST));
    }
    claims(d);
    for (int i = 0; i < CAPR_LIMITS; i++) {
        const struct capr_limit *l = &capr__limits[i];
        d->room[i] = l->counted ? FULL * l->limit - l->used : 0;
        if (!l->scarce || !l->counted) continue;
        capr__nodes_learn(i, l->grew, FALLS * l->limit);
        int finish = waited[i].line < CAPR_LINES_FINISHING;
        d->more[i] = beyond(i, d->room[i] - waited[i].least - (finish ? 0 : d->claimed[i]), finish ? waited[i].least : 0, now);
        if (d->more[i] > PROVEN && d->room[i] < 0) /* what is given back may be taken, though no more: use stays as it is */
            d->room[i] = 0;
        uint32_t on_their_way = capr__nodes_spared(i, now);
        d->more[i] = d->more[i] > on_their_way ? d->more[i] - on_their_way : 0;
    }
}

/* The threads of a held node that go on although there is no room: of the line that comes first alone, or one of a node of which none has run for
 * too long, whatever the forecasts say. */
static void let_some_go(uint32_t node, const struct capr_node_queue *q, struct decision *d, int first, uint64_t now) {
    const struct capr_limit *l = &capr__limits[q->is.what];
    int waits_long = now - q->held_since > (l->counted ? PATIENCE : PATIENCE_WORK);
    double each = q->is.each > 0 ? q->is.each : q->is.need;
    uint32_t go = q->is.line <= first ? at_most(d->more[q->is.what], l, each, l->to_the_end || q->is.does == CAPR_NODE_FINISHES) : 0;
    if (q->is.does == CAPR_NODE_FINISHES) d->more[q->is.what] -= go; /* all together */
    capr__node_allow(node, go ? go : (uint32_t)waits_long);
}

int capr__resource_decides(struct capr_worker *w, uint64_t now) {
    if (!begin(now)) return 0;
    /* Forecasts also while nothing is scarce, so that they are there when something is. */
    capr__ways_look();
    if (!capr__limits_look(w, now)) return 0;
    struct decision d = {.more = {0}};
    uint8_t first[CAPR_LIMITS];
    reckon(&d, now);
    for (int i = 0; i < CAPR_LIMITS; i++) {
        first[i] = waited[i].line;
        waited[i].line = CAPR_LINES;
        waited[i].least = 0;
    }
    capr__nodes_decide(d.room, d.claimed);
    for (uint32_t i = 0, count = capr__node_count(); i < count; i++) {
        struct capr_node_queue *q = &capr__node_queues[i];
        struct capr_node_effect is = effect(i);
        if (is.does == CAPR_NODE_FINISHES && d.most[is.what] > 0) {
            double part = is.need / d.most[is.what] * CAPR_LINES_FINISHING;
            is.line = (uint8_t)(part < CAPR_LINES_FINISHING ? part : CAPR_LINES_FINISHING - 1);
        }
        q->stride = is.does == CAPR_NODE_GIVES ? STRIDE_FIRST : CAPR_STRIDE_NORMAL;
        capr__node_does(i, &is, now);
        if (is.does < CAPR_NODE_HELD || !q->threads.head) continue;
        note_waiting(&q->is);
        let_some_go(i, q, &d, first[is.what], now);
    }
    for (int i = 0; i < CAPR_LIMIT_NAMED; i++) capr__limits_near |= waited[i].line < CAPR_LINES_FINISHING && d.room[i] < waited[i].least;
    capr__nodes_decided();
    return 1;
}
