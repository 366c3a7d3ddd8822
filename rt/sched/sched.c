/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Wait, wake, give way: the four calls that everything which blocks is made of. Runs on the threads' own stacks. Switches go
 * straight from the thread that waits to the next ready one; the idle thread gets its turn only when none is ready, or to poll.
 */
#include "policy.h"
#include "run_queue.h"
#include "switch.h"

#include <errno.h>

#include "../graph/graph.h"
#include "../proc/signals.h"
#include "../thread/cancel.h"
#include "../thread/extra.h"
#include "idle.h"

void capr__ready(struct capr_thread *t) {
    struct capr_worker *w = &capr__worker;
    if (__builtin_expect(w->in_signal != 0, 0)) {
        capr__ready_from_signal(t);
        return;
    }
    capr__handlers_off();
    if (t->timer >= 0) capr__timer_remove(t);
    if (__builtin_expect(t->stamp != 0, 0)) capr__graph_woken(t);
    t->state = CAPR_READY;
    capr__run_put(w, t);
    capr__handlers_on();
}

/* While the thread ran, another worker's has sent it a signal or cancelled it: a wait that this ends is over. */
static __attribute__((noinline)) void wait_asked(struct capr_thread *self) {
    if ((self->cancel_bits & CAPR_CANCEL_AT_POINT) && capr__cancel_due(self)) {
        self->cancel_bits &= (uint8_t)~CAPR_CANCEL_AT_POINT;
        if (self->queue) capr__queue_remove(self);
        capr__ready(self);
    } else if (self->cancel_bits & CAPR_SIGNALS_ASKED) {
        capr__signals_asked(self);
    }
}

void capr__park(void) {
    struct capr_worker *w = &capr__worker;
    struct capr_thread *self = w->self;
    self->state = CAPR_PARKED;
    CAPR_SHOW_MORE(w->count.blocks, 1);
    capr__graph_note(w, self, 1);
    if (__builtin_expect(capr__many, 0)) {
        if (__builtin_expect(!w->inside, 0)) capr__outside_the_monitor();
        capr__stays_if_held(w, self);
        if (__builtin_expect(self->cancel_bits & (CAPR_SIGNALS_ASKED | CAPR_CANCEL_PENDING), 0)) wait_asked(self);
        capr__run_switch(self, capr__run_pick(w));
        if (__builtin_expect(self->cancel_bits & CAPR_SIGNALS_ASKED, 0)) capr__signals_run();
    } else {
        capr__switch_to(w, self, capr__pick(w));
    }
    if (__builtin_expect(self->stamp != 0, 0)) capr__graph_resumed(self);
}

int capr__park_until(uint64_t deadline) {
    struct capr_thread *self = capr__worker.self;
    if (deadline == CAPR_FOREVER) {
        capr__park();
        return 0;
    }
    self->timed_out = 0;
    self->deadline = deadline;
    capr__timer_insert(self);
    capr__park();
    return self->timed_out ? ETIMEDOUT : 0;
}

int capr__may_give_way(void) {
    const struct capr_thread *self = capr__worker.self;
    return capr__may_switch() && !(self->extra && ((const struct capr_extra *)self->extra)->sections);
}

void capr__turn_over(void) {
    if (!capr__may_give_way()) return;
    if (capr__many) {
        if (!capr__worker.overdue) return;
        capr__worker.overdue = 0;
    } else {
        capr__worker.fast = 1;
    }
    capr__look_soon(); /* others may be ready only once descriptors and timers have been looked at */
    capr__yield();
}

/* Cycles after which a thread that yields to nobody has descriptors and timers looked at whatever idle.c reckons with: a tenth of a
 * millisecond or so. */
#define LONE_CYCLES 250000

/* Where there is nobody to give way to, or it is time to poll. */
static __attribute__((noinline)) void yield_seldom(struct capr_worker *w, struct capr_thread *self) {
    if (capr__many) {
        capr__run_yield();
        return;
    }
    if (!w->run_head && w->late_head) capr__run_late(w);
    if (!w->run_head && !(capr__process.fd_waiters | capr__process.timer_count | capr__deferred_count | w->policy) && !capr__process.signal_ready)
        return;
    if (!w->run_head) {
        uint64_t now = capr__cycles();
        if (now - w->lone_at > LONE_CYCLES) w->poll_at = 0;
        w->lone_at = now;
    }
    capr__graph_note(w, self, 0);
    w->busy = self;
    capr__run_append(w, self);
    struct capr_thread *next = capr__pick(w);
    if (next != self) {
        capr__switch_to(w, self, next);
        return;
    }
    w->busy = NULL;
    if (w->poll_at) { /* no switch, which would bring nearer the poll and the turn of those who wake by the clock */
        w->poll_at--;
        w->choose_at--;
        w->look_at--;
        w->fire_at -= w->fire_at != 0;
    }
}

/* Append and pick in one: the queue is not empty before, nor after. */
static inline void give_way(struct capr_worker *w, struct capr_thread *self) {
    struct capr_thread *next = w->run_head;
    w->busy = self;
    self->next = NULL;
    w->run_tail->next = self;
    w->run_tail = self;
    w->run_head = next->next;
    capr__prefetch(next->next);
    capr__switch_to(w, self, next);
}

/* Apart, so that capr__yield itself saves no registers. */
static __attribute__((noinline)) void yield_noted(struct capr_worker *w, struct capr_thread *self) {
    capr__graph_slow(w->context, 0);
    give_way(w, self);
}

void capr__yield(void) {
    struct capr_worker *w = &capr__worker;
    struct capr_thread *self = w->self;
    if (__builtin_expect(w->count.switches >= w->poll_at || !w->run_head, 0)) /* poll_at is 0 where others look into run queues */
        yield_seldom(w, self);
    else if (__builtin_expect(!capr__graph_quick(w, self), 0))
        yield_noted(w, self);
    else
        give_way(w, self);
}
