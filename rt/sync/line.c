/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * See line.h. The lines of locks that hash alike are one queue. Who stands in it is known by what it waits for and nowhere else, so that a
 * thread which leaves its wait in any way (a handler that jumps, cancellation) leaves nothing behind; should it have been the one that
 * polls, the next is. Fat code.
 */
#include "line.h"

#include "../thread/cancel.h"

#define BITS 6 /* 64 queues: threads seldom wait for more process-shared locks at a time */

/* How long one that is not the first sleeps at most: should the first have gone without a word. */
#define SLEEP_NS 1000000000ull

/* Pauses of the one that polls: from 20 us, doubling, to 1 ms; then a millisecond more each 16 of them. */
#define PAUSE_FIRST_NS 20000ull
#define PAUSE_NS 1000000ull
#define DOUBLINGS 6
#define EACH 16
#define MOST 10

static struct capr_queue lines[1 << BITS];

static struct capr_queue *line_of(const void *lock) { return &lines[((uint64_t)lock >> 3) * 0x9e3779b97f4a7c15u >> (64 - BITS)]; }

static struct capr_thread *first_of(const struct capr_queue *q, const void *lock) {
    struct capr_thread *t = q->head;
    while (t && t->wait_data != lock) t = t->next;
    return t;
}

static_assert(CAPR_LINE_ROUNDS == DOUBLINGS + EACH * MOST, "line.h");

uint64_t capr__line_pause(unsigned round) {
    if (round < DOUBLINGS) return PAUSE_FIRST_NS << round;
    unsigned more = 1 + (round - DOUBLINGS) / EACH;
    return PAUSE_NS * (more < MOST ? more : MOST);
}

int capr__line_wait(struct capr_line *line, const void *lock, uint64_t deadline) {
    struct capr_thread *self = capr__self();
    if (!capr__may_switch()) return capr__poll_wait(&line->round, deadline, 0);
    uint64_t now = capr__now();
    if (now >= deadline) return ETIMEDOUT;
    if (!line->stood && !line->round) { /* the holder may be about to let it go, and runs on this worker */
        line->round = 1;
        capr__yield();
        return 0;
    }
    struct capr_queue *q = line_of(lock);
    line->polls |= !first_of(q, lock); /* while it polls it stands in line only for its pauses */
    uint64_t ns = line->polls ? capr__line_pause(line->round - 1) : SLEEP_NS;
    if (line->polls && line->round <= CAPR_LINE_ROUNDS) line->round++;
    if (line->stood)
        capr__queue_push_front(q, self);
    else
        capr__queue_push(q, self);
    line->stood = 1;
    self->wait_data = (void *)lock;
    capr__park_lock(deadline - now < ns ? deadline : now + ns);
    if (self->queue) capr__queue_remove(self);
    line->polls |= !self->wait_data;
    self->wait_data = NULL;
    if (CAPR_UNLIKELY(capr__cancel_async_due(self))) {
        capr__line_next(lock);
        capr__cancel_self();
    }
    return 0;
}

void capr__line_next(const void *lock) {
    struct capr_queue *q = line_of(lock);
    if (CAPR_LIKELY(!q->head) || !capr__may_switch()) return;
    struct capr_thread *t = first_of(q, lock);
    if (!t) return;
    capr__queue_remove(t);
    t->wait_data = NULL; /* it is the first now */
    capr__ready(t);
}

void capr__lines_forked(void) {
    for (int i = 0; i < 1 << BITS; i++) lines[i] = (struct capr_queue){ 0 };
}
