/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Stride scheduling over nodes in constant time: 64 buckets in a ring, a bit for each that has nodes in it. The next node is the first of
 * the next bucket that has any; it gives a batch of its threads, and comes again `stride` buckets on. So a node waits at
 * most for 63 buckets, each of which serves every node in it once: none starves but those that are held, for which resource.c has a
 * bound of its own. A node that is held waits in a line until there is room for one of its threads, which others make that give back. Of such a
 * node the youngest go first: who has just run will soon have what it needs, where all come a step further in turn nobody has. Plain code.
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
#define CREDIT_GROWS 1.1
#define CREDIT_FIRST 0.01
#define BATCH 8         /* threads of one node in a row: what one choice costs is divided among them */
#define OLDEST_EVERY 8  /* threads of a node of which otherwise the youngest go first */
#define SPARED 15       /* nodes at which a thread is not held that has been allowed to go on where there is no room */
#define SPARED_TIME 100000000ull /* ns after which those that are not back by then are not counted any more: they may wait for something else */
#define FREED_WEIGHT (1.0f / 16)

struct capr_node_queue *capr__node_queues;

struct node_list {
    uint32_t first, last;
};
static struct node_list buckets[BUCKETS];
static struct node_list waiting[CAPR_LIMITS][CAPR_LINES]; /* held nodes with threads that are ready and for which there is no room */
static uint32_t lines[CAPR_LIMITS]; /* a bit for each of them that is not empty */
static double room[CAPR_LIMITS], claimed[CAPR_LIMITS];
static uint32_t spared[CAPR_LIMITS]; /* threads that are, on account of each */
static double reckoned[CAPR_LIMITS]; /* units taken since the last decision less those given back, by the forecasts */
static double credit[CAPR_LIMITS]; /* part of what is given back, by the forecasts, that makes room at once */
static uint64_t filled; /* a bit for each bucket that is not empty */
static uint32_t now_at; /* the bucket that was served last */

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
    if (!capr__ways_begin()) return 0;
    void *p = mmap(NULL, CAPR_NODES_MAX * sizeof *capr__node_queues, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (p == MAP_FAILED) return 0;
    for (int i = 0; i < BUCKETS; i++) buckets[i].first = NONE;
    for (int i = 0; i < CAPR_LIMITS; i++) {
        for (int line = 0; line < CAPR_LINES; line++) waiting[i][line].first = NONE;
        credit[i] = 1;
    }
    capr__node_queues = p;
    return 1;
}

static int is_held(const struct capr_node_queue *q) { return q->is.does >= CAPR_NODE_HELD; }

/* So many threads of a node that is held there is room for: none while others wait for it that come first. */
static uint32_t fit(const struct capr_node_queue *q) {
    if (lines[q->is.what] & ((1u << q->is.line) - 1)) return 0;
    double left = room[q->is.what] - (q->is.does == CAPR_NODE_FINISHES ? 0 : claimed[q->is.what]), threads = left / q->is.need;
    return threads >= UINT16_MAX ? UINT16_MAX : threads > 0 ? (uint32_t)threads : 0;
}

/* So many threads of a node may go on now: few or none only of one that is held. */
static uint32_t may_go(const struct capr_node_queue *q) { return is_held(q) ? q->allowed + fit(q) : UINT32_MAX; }

/* Gives a node that has a thread to run its turn, `stride` buckets on, unless it has one; if it is held for want of room it waits for that. */
static void await_turn(uint32_t node) {
    struct capr_node_queue *q = &capr__node_queues[node];
    if (q->linked || !q->threads.head) return;
    if (!may_go(q)) {
        append(&waiting[q->is.what][q->is.line], node);
        lines[q->is.what] |= 1u << q->is.line;
        return;
    }
    uint32_t at = (now_at + (q->stride ? q->stride : CAPR_STRIDE_NORMAL)) % BUCKETS;
    append(&buckets[at], node);
    filled |= 1ull << at;
}

/* Those that wait come to what room there is, line by line: who does not fit in keeps the next ones waiting. */
static void give_room(int what, double amount) {
    room[what] += amount * credit[what];
    while (lines[what]) {
        int line = __builtin_ctz(lines[what]);
        struct node_list *list = &waiting[what][line];
        uint32_t node = list->first;
        if (capr__node_queues[node].threads.head && !may_go(&capr__node_queues[node])) return; /* it may have been left empty */
        take_first(list);
        if (list->first == NONE) lines[what] &= ~(1u << line);
        await_turn(node);
    }
}

/* What so many threads of a node take by their next block. */
static double takes(const struct capr_node_queue *q, uint32_t threads) { return q->is.each > 0 ? (double)threads * q->is.each : 0; }

/* Threads of a held node that go within the room. Who begins what ends with giving back has claims on all that it is going to need. */
static void note_gone(const struct capr_node_queue *q, uint32_t threads) {
    double taken = takes(q, threads);
    reckoned[q->is.what] += taken;
    if (q->is.does == CAPR_NODE_BORROWS) {
        claimed[q->is.what] += (double)threads * q->is.need;
        return;
    }
    room[q->is.what] -= q->is.does == CAPR_NODE_TAKES ? (double)threads * q->is.need : taken;
    if (q->is.does == CAPR_NODE_FINISHES) claimed[q->is.what] = claimed[q->is.what] > taken ? claimed[q->is.what] - taken : 0;
}

/* Of a node that is held: whether a thread goes on since others need what it holds. */
static void learn_freed(uint32_t node, int freed) {
    struct capr_node_ahead *n = &capr__ahead[node];
    n->freed += ((float)freed - n->freed) * FREED_WEIGHT;
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
    if (!t->kept || !is_held(q)) return;
    let_go(q, t);
    learn_freed(t->node, 1);
    note_gone(q, 1); /* there being room or not */
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

/* At most so many threads of a node, to the end of the run queue; if they are to be spared they go on until they give something back. */
static uint32_t take(struct capr_worker *w, struct capr_node_queue *q, uint32_t most, int to_be_spared) {
    uint32_t taken = 0;
    while (q->threads.head && taken < most) {
        int youngest = is_held(q) && q->is.does != CAPR_NODE_BORROWS && ++q->turn % OLDEST_EVERY;
        struct capr_thread *t = youngest ? q->threads.tail : q->threads.head;
        let_go(q, t);
        if (to_be_spared && !t->spared) {
            t->spared = SPARED;
            t->spared_files = q->is.what == CAPR_LIMIT_FILES;
            spared[q->is.what]++;
        }
        put(w, t);
        taken++;
    }
    return taken;
}

/* Whether a thread goes on from a node where others are held. */
static int goes_on(struct capr_thread *t) {
    const struct capr_node_queue *q = &capr__node_queues[t->node];
    int of = t->spared_files ? CAPR_LIMIT_FILES : CAPR_LIMIT_MEMORY;
    if (t->spared && (--t->spared == 0 || (q->is.does == CAPR_NODE_GIVES && q->is.what == of))) {
        t->spared = 0;
        if (spared[of]) spared[of]--;
    }
    if (!is_held(q)) return 0;
    if (t->midway) return 1; /* it was let go before, and is on its way */
    learn_freed(t->node, t->needed);
    if (!t->needed && !t->spared) return 0;
    note_gone(q, 1);
    return 1;
}

uint32_t capr__nodes_choose(struct capr_worker *w) {
    struct capr_thread *t = w->run_head;
    uint32_t freed = 0;
    CAPR_SHOW(w->run_head, NULL);
    w->run_count = 0;
    while (t) {
        struct capr_thread *next = t->next;
        int sent = t->sent; /* chosen by another worker already */
        t->sent = 0;
        if (sent || goes_on(t)) {
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
    uint32_t within = is_held(q) ? fit(q) : BATCH, taken = take(w, q, within < BATCH ? within : BATCH, 0);
    q->ran = 1;
    if (is_held(q)) {
        note_gone(q, taken);
        uint32_t beyond = taken < BATCH && q->allowed ? take(w, q, q->allowed < BATCH - taken ? q->allowed : BATCH - taken, q->is.does == CAPR_NODE_FINISHES) : 0;
        q->allowed -= beyond;
        reckoned[q->is.what] += takes(q, beyond);
        taken += beyond;
    }
    if (q->is.does == CAPR_NODE_GIVES) {
        reckoned[q->is.what] += (double)taken * q->is.each;
        give_room(q->is.what, taken * -q->is.each);
    }
    await_turn(node);
    return freed + taken;
}

static void nobody_waits_for_room(void) {
    for (int i = 0; i < CAPR_LIMITS; i++) {
        for (int line = 0; line < CAPR_LINES; line++)
            while (waiting[i][line].first != NONE) take_first(&waiting[i][line]);
        lines[i] = 0;
    }
}

void capr__nodes_leave(struct capr_worker *w) {
    nobody_waits_for_room();
    for (uint32_t i = 0, count = capr__node_count(); i < count; i++) {
        struct capr_node_queue *q = &capr__node_queues[i];
        q->is.does = CAPR_NODE_PASSES; /* first, so that they go in order */
        take(w, q, UINT32_MAX, 0);
    }
}

void capr__nodes_decide(const double its_room[], const double its_claims[]) {
    nobody_waits_for_room();
    for (int i = 0; i < CAPR_LIMITS; i++) {
        room[i] = its_room[i];
        claimed[i] = its_claims[i];
        reckoned[i] = 0;
    }
}

uint32_t capr__nodes_spared(int what, uint64_t now) {
    static uint64_t since[CAPR_LIMITS];
    if (!spared[what] || now - since[what] > SPARED_TIME) {
        spared[what] = 0;
        since[what] = now;
    }
    return spared[what];
}

void capr__nodes_learn(int what, double grew, double noise) {
    if (grew > noise && grew > reckoned[what] + noise)
        credit[what] /= 2;
    else
        credit[what] = credit[what] * CREDIT_GROWS + CREDIT_FIRST > 1 ? 1 : credit[what] * CREDIT_GROWS + CREDIT_FIRST;
}

void capr__node_does(uint32_t node, const struct capr_node_effect *is, uint64_t now) {
    struct capr_node_queue *q = &capr__node_queues[node];
    int held = is_held(q);
    q->is = *is;
    if (held != is_held(q) || q->ran) q->held_since = now;
    if (is->does == CAPR_NODE_BORROWS) q->is.line = CAPR_LINE_BORROWS;
    if (is->does == CAPR_NODE_TAKES) q->is.line = capr__graph.nodes[node].start ? CAPR_LINE_NEW : CAPR_LINE_TAKES;
    q->allowed = 0;
    q->ran = 0;
}

void capr__node_allow(uint32_t node, uint32_t threads) { capr__node_queues[node].allowed = threads; }

void capr__nodes_decided(void) {
    for (uint32_t i = 0, count = capr__node_count(); i < count; i++) await_turn(i);
}
