/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Stride scheduling over nodes in constant time: 64 buckets in a ring, a bit for each that has nodes in it. The next node is the first of
 * the next bucket that has any; it gives a batch of its threads, oldest first, and comes again `stride` buckets on. So a node waits at
 * most for 63 buckets, each of which serves every node in it once: none starves but those that are held, for which resource.c has a
 * bound of its own. A node that is held waits until there is room for one of its threads, which others make that give back. Plain code.
 */
#include "node_queues.h"

#include <sys/mman.h>

#include "../graph/workers.h"
#include "limits.h"
#include "policy.h"
#include "run_queue.h"
#include "switch.h"

#define NONE UINT32_MAX
#define BUCKETS 64
#define BEHIND 0.75f    /* so that a circle of nodes does not add up for ever */
#define CREDIT_GROWS 1.1
#define CREDIT_FIRST 0.01
#define BATCH 8         /* threads of one node in a row: what one choice costs is divided among them */
#define FREED_WEIGHT (1.0f / 16)
#define FORGET 0.75f    /* of a forecast, at each tick: a change of load has most of the weight after 50 ms */

struct capr_node_queue *capr__node_queues;

struct node_list {
    uint32_t first, last;
};
static struct node_list buckets[BUCKETS];
static struct node_list waiting[CAPR_LIMITS]; /* held nodes with threads that are ready and for which there is no room */
static double room[CAPR_LIMITS], room_first[CAPR_LIMITS];
static double credit[CAPR_LIMITS]; /* part of what is given back, by the forecasts, that makes room at once */
static uint64_t filled; /* a bit for each bucket that is not empty */
static uint32_t now_at; /* the bucket that was served last */
double capr__nodes_released;

static void append(struct node_list *list, uint32_t node) {
    struct capr_node_queue *q = &capr__node_queues[node];
    q->next = NONE;
    q->linked = 1;
    if (list->first == NONE)
        list->first = node;
    else
        capr__node_queues[list->last].next = node;
    list->last = node;
}

static uint32_t take_first(struct node_list *list) {
    uint32_t node = list->first;
    list->first = capr__node_queues[node].next;
    capr__node_queues[node].linked = 0;
    return node;
}

int capr__nodes_init(void) {
    if (capr__node_queues) return 1;
    void *p = mmap(NULL, CAPR_NODES_MAX * sizeof *capr__node_queues, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (p == MAP_FAILED) return 0;
    capr__node_queues = p;
    for (int i = 0; i < BUCKETS; i++) buckets[i].first = NONE;
    for (int i = 0; i < CAPR_LIMITS; i++) {
        waiting[i].first = NONE;
        credit[i] = 1;
    }
    return 1;
}

/* So many threads of a node that is held there is room for. */
static uint32_t fit(const struct capr_node_queue *q) {
    double threads = room[q->what] / q->each;
    return threads >= UINT16_MAX ? UINT16_MAX : threads > 0 ? (uint32_t)threads : 0;
}

/* So many threads of a node may go on now: few or none only of one that is held. */
static uint32_t may_go(const struct capr_node_queue *q) { return q->does == CAPR_NODE_TAKES ? q->allowed + fit(q) : UINT32_MAX; }

/* Gives a node that has a thread to run its turn, `stride` buckets on, unless it has one; if it is held for want of room it waits for that. */
static void await_turn(uint32_t node) {
    struct capr_node_queue *q = &capr__node_queues[node];
    if (q->linked || !q->threads.head) return;
    if (!may_go(q)) {
        append(&waiting[q->what], node);
        return;
    }
    uint32_t at = (now_at + (q->stride ? q->stride : CAPR_STRIDE_NORMAL)) % BUCKETS;
    append(&buckets[at], node);
    filled |= 1ull << at;
}

static void give_room(int what, double amount) {
    struct node_list *list = &waiting[what];
    room[what] += amount * credit[what];
    while (list->first != NONE && may_go(&capr__node_queues[list->first])) await_turn(take_first(list));
}

/* Of a node that takes: whether a thread goes on since others need what it holds. What it takes is reckoned, there being room or not. */
static void note_freed(struct capr_node_queue *q, int freed) {
    q->freed += ((float)freed - q->freed) * FREED_WEIGHT;
    if (freed) room[q->what] -= q->each;
}

static void keep(struct capr_thread *t) {
    struct capr_node_queue *q = &capr__node_queues[t->node];
    capr__list_push(&q->threads, t);
    t->kept = 1;
    q->count++;
    capr__policy_kept++;
    await_turn(t->node);
}

static void let_go(struct capr_node_queue *q, struct capr_thread *t) {
    capr__list_remove(&q->threads, t);
    t->kept = 0;
    q->count--;
    capr__policy_kept--;
}

void capr__nodes_need(struct capr_worker *w, struct capr_thread *t) {
    struct capr_node_queue *q = &capr__node_queues[t->node];
    t->needed = 1;
    if (!t->kept || q->does != CAPR_NODE_TAKES) return;
    let_go(q, t);
    note_freed(q, 1);
    capr__run_put(w, t);
    w->choose_at++; /* one more that is chosen already */
}

/* The node whose turn it is, taken out of its bucket; NONE if no node has one. */
static uint32_t next_node(void) {
    while (filled) {
        uint32_t turn = (now_at + 1) % BUCKETS;
        uint64_t rotated = turn ? filled >> turn | filled << (BUCKETS - turn) : filled;
        uint32_t at = (turn + (uint32_t)__builtin_ctzll(rotated)) % BUCKETS;
        uint32_t node = take_first(&buckets[at]);
        const struct capr_node_queue *q = &capr__node_queues[node];
        if (buckets[at].first == NONE) {
            filled &= ~(1ull << at);
            now_at = at; /* its last node: on to the next bucket */
        } else {
            now_at = (at + BUCKETS - 1) % BUCKETS;
        }
        if (q->threads.head && may_go(q)) return node;
        await_turn(node); /* held, or left, since it was put here */
    }
    return NONE;
}

/* To the end of the run queue, which is locked where there are several workers; of another worker's, if the thread stays there. */
static void put(struct capr_worker *w, struct capr_thread *t) {
    if (capr__many && t->stays && t->worker != w->number) {
        t->sent = 1;
        capr__run_add(t);
        return;
    }
    capr__run_append(w, t);
    w->run_count++;
}

/* The first `most` threads of a node, to the end of the run queue. */
static uint32_t take(struct capr_worker *w, struct capr_node_queue *q, uint32_t most) {
    uint32_t taken = 0;
    while (q->threads.head && taken < most) {
        struct capr_thread *t = q->threads.head;
        let_go(q, t);
        put(w, t);
        taken++;
    }
    return taken;
}

uint32_t capr__nodes_choose(struct capr_worker *w) {
    struct capr_thread *t = w->run_head;
    uint32_t freed = 0;
    CAPR_SHOW(w->run_head, NULL);
    w->run_count = 0;
    while (t) {
        struct capr_thread *next = t->next;
        struct capr_node_queue *its = &capr__node_queues[t->node];
        int sent = t->sent, takes = !sent && its->does == CAPR_NODE_TAKES; /* sent: chosen by another worker already */
        t->sent = 0;
        if (takes && !t->midway) /* else it was let go before, and is on its way */
            note_freed(its, t->needed);
        if (sent || (takes && (t->needed || t->midway))) {
            put(w, t);
            freed++;
        } else {
            keep(t);
        }
        t = next;
    }
    uint32_t node = next_node();
    if (node == NONE) return freed;
    struct capr_node_queue *q = &capr__node_queues[node];
    uint32_t most = may_go(q), taken = take(w, q, most < BATCH ? most : BATCH);
    q->ran = 1;
    if (q->does == CAPR_NODE_TAKES) {
        uint32_t within = fit(q);
        within = within < taken ? within : taken;
        room[q->what] -= within * q->each;
        q->allowed -= taken - within;
    }
    if (q->does == CAPR_NODE_GIVES) give_room(q->what, taken * q->each);
    await_turn(node);
    return freed + taken;
}

static void nobody_waits_for_room(void) {
    for (int i = 0; i < CAPR_LIMITS; i++)
        while (waiting[i].first != NONE) take_first(&waiting[i]);
}

void capr__nodes_leave(struct capr_worker *w) {
    nobody_waits_for_room();
    for (uint32_t i = 0, count = capr__node_count(); i < count; i++) {
        struct capr_node_queue *q = &capr__node_queues[i];
        take(w, q, UINT32_MAX);
        q->does = CAPR_NODE_PASSES;
    }
}

void capr__nodes_decide(const double all[]) {
    nobody_waits_for_room();
    for (int i = 0; i < CAPR_LIMITS; i++) room[i] = room_first[i] = all[i];
}

void capr__nodes_learn(int what, double grew, double noise) {
    double reckoned = room_first[what] - room[what];
    if (grew > noise && grew > reckoned + noise)
        credit[what] /= 2;
    else
        credit[what] = credit[what] * CREDIT_GROWS + CREDIT_FIRST > 1 ? 1 : credit[what] * CREDIT_GROWS + CREDIT_FIRST;
}

void capr__node_does(uint32_t node, int does, int what, float each, uint64_t now) {
    struct capr_node_queue *q = &capr__node_queues[node];
    if (q->does != does || q->ran) q->held_since = now;
    q->does = (uint8_t)does;
    q->what = (uint8_t)what;
    q->each = each;
    q->allowed = q->ran = 0;
}

void capr__node_allow(uint32_t node, uint32_t threads) { capr__node_queues[node].allowed = threads; }

void capr__nodes_decided(void) {
    for (uint32_t i = 0, count = capr__node_count(); i < count; i++) await_turn(i);
}

static void add_passed(const struct capr_edge *e, uint32_t passed) {
    if (e->use[CAPR_USE_HEAP].mean < 0) capr__nodes_released -= (double)passed * e->use[CAPR_USE_HEAP].mean;
    struct capr_node_queue *q = &capr__node_queues[e->from];
    struct capr_forecast *f = &q->expect;
    f->lately += (float)passed;
    float weight = (float)passed / f->lately;
    f->cpu += weight * (e->cpu.mean * (float)capr__graph.ns_per_cycle - f->cpu);
    const struct capr_node_queue *next = &capr__node_queues[e->to];
    for (int u = 0; u < CAPR_USES; u++) {
        f->use[u] += weight * (e->use[u].mean - f->use[u]);
        f->behind[u] += weight * (next->freed * (next->expect.use[u] + BEHIND * next->expect.behind[u]) - f->behind[u]);
    }
    q->known = 1;
}

void capr__nodes_forecast(void) {
    for (uint32_t i = 0, count = capr__node_count(); i < count; i++) capr__node_queues[i].expect.lately *= FORGET;
    capr__edges_passed(add_passed);
}
