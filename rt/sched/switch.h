/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * What only the scheduler and thread exit use: the switch itself and the choice of the next thread. Inline, since the switch is
 * the runtime's most frequent operation.
 */
#ifndef CAPR_SWITCH_H
#define CAPR_SWITCH_H

#include "fibres.h"
#include "sched.h"
#include "timer.h"

/* Switches after which a busy worker looks at its descriptors and timers, fewer where turns are long (idle.c): at 5 ns each a third
 * of a microsecond, about the cost of the epoll_wait that follows. */
#define CAPR_POLL_EVERY 64

/* What capr__switch leaves on a thread's stack while it does not run. */
struct capr_switch_frame {
    uint32_t mxcsr, x87_control;
    uint64_t r15, r14, r13, r12, rbx, rbp, rip;
};

/* Floating-point modes of a new thread: its creator's, as POSIX has it. */
static inline void capr__switch_frame_modes(struct capr_switch_frame *frame) {
    __asm__("stmxcsr %0" : "=m"(frame->mxcsr));
    frame->x87_control = 0;
    __asm__("fnstcw %0" : "+m"(frame->x87_control));
}

/* switch.S. Needs the frame above, but its return address. */
CAPR_STACK_BOUND(56) CAPR_HIDDEN void capr__switch(struct capr_thread *from, struct capr_thread *to);

/* To the end of a list linked through `next`, whose tail means nothing while it is empty. */
static inline void capr__list_append(struct capr_thread **head, struct capr_thread **tail, struct capr_thread *t) {
    t->next = NULL;
    if (*head)
        (*tail)->next = t;
    else
        CAPR_SHOW(*head, t); /* run queues' are looked at without their locks */
    *tail = t;
}

/* The first thread whose turn was too long goes to the head of the run queue, which is locked where there are several workers. */
static inline void capr__run_late(struct capr_worker *w) {
    struct capr_thread *t = w->late_head;
    w->late_head = t->next;
    t->next = w->run_head;
    if (!w->run_head) w->run_tail = t;
    CAPR_SHOW(w->run_head, t);
    w->run_count++;
    w->late_due = 0;
    w->late_ran = 1;
}

static inline void capr__run_append(struct capr_worker *w, struct capr_thread *t) { capr__list_append(&w->run_head, &w->run_tail, t); }

/* Seldom: looks whether it is time for the idle thread, and returns it or NULL. Plain code (idle.c). */
CAPR_HIDDEN struct capr_thread *capr__pick_seldom(struct capr_worker *w);

/* CAPRICCIO_SCHED=random: puts another thread at the head of the run queue, which is not empty. Plain code (random.c). */
CAPR_HIDDEN void capr__shuffle(struct capr_worker *w);

/* With many threads each switch would wait for memory: fetches what `after` touches, the thread that is next but one, and the record of
 * the one behind it. */
static inline void capr__prefetch(const struct capr_thread *after) {
    __builtin_prefetch((void *)after->sp);
    __builtin_prefetch((char *)after->sp + 64);
    __builtin_prefetch(after->next);
}

/* Takes the next thread to run: the idle one when none is ready, or when it is time to poll and there is what to poll for. */
static inline struct capr_thread *capr__pick(struct capr_worker *w) {
    struct capr_thread *t = w->run_head;
    if (!t) return w->idle;
    if (__builtin_expect(w->count.switches >= w->poll_at, 0)) {
        struct capr_thread *idle = capr__pick_seldom(w);
        if (idle) return idle;
        t = w->run_head;
    }
    struct capr_thread *after = t->next;
    w->run_head = after;
    if (after) capr__prefetch(after);
    return t;
}

/* Switches to `to`, which nobody else has taken. Returns when `self` is switched to again. Who has changed queues for it before has set `busy`
 * before that. */
static inline void capr__switch_to(struct capr_worker *w, struct capr_thread *self, struct capr_thread *to) {
    w->busy = self;
    CAPR_SHOW_MORE(w->count.switches, 1);
    capr__fibre_switch(self, to);
    capr__switch(self, to);
}

#endif
