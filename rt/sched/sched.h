/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * What blocking code asks of the scheduler: who am I, wait, wake, give way. All of it runs on the threads' own stacks (fat
 * code), so each function states how little it needs. With several workers all of it is called inside the monitor (monitor.h), except
 * capr__yield, which may be called anywhere.
 */
#ifndef CAPR_SCHED_H
#define CAPR_SCHED_H

#include "../layout.h"
#include "monitor.h"

#define CAPR_FOREVER UINT64_MAX

/* The running thread; NULL on a kernel thread that is not a worker. Never blocks. */
static inline struct capr_thread *capr__self(void) { return capr__worker.self; }

/* True where a call may give way to other threads: on a worker, in no signal handler. Where false, callers make the plain
 * system call and block the kernel thread, as a native program would. */
static inline int capr__may_switch(void) { return capr__worker.self != NULL && capr__worker.in_signal == 0; }

/* Appends `t` (parked, in no wait queue) to its worker's run queue, and drops its timer if it has one. Never blocks. */
CAPR_HIDDEN void capr__ready(struct capr_thread *t);

/* Gives way until some other code calls capr__ready(self). The caller has already put itself where its waker finds it.
 * Blocks. */
CAPR_HIDDEN void capr__park(void);

/* The same, but no longer than until `deadline` (ns of CLOCK_MONOTONIC; CAPR_FOREVER: no deadline). When the deadline passes the
 * thread is taken out of `self->queue`, if it is in one. Returns 0 when woken, ETIMEDOUT at the deadline. Blocks. */
CAPR_HIDDEN int capr__park_until(uint64_t deadline);

/* Around a park: the poll loop is to look, or to collect, though others run, and no deadlock is to be seen. Noted in the thread, since the
 * second may never come where a handler jumps away. */
static inline void capr__fd_waiter_begin(struct capr_thread *self) {
    self->fd_waiter = 1;
    CAPR_SHOW_MORE(capr__process.fd_waiters, 1);
}
static inline void capr__fd_waiter_end(struct capr_thread *t) {
    if (!t->fd_waiter) return;
    t->fd_waiter = 0;
    CAPR_SHOW_MORE(capr__process.fd_waiters, -1);
}

/* The worker looks at descriptors and timers at its next switch. Async-signal-safe, on the worker. */
static inline void capr__look_soon(void) { capr__worker.poll_at = capr__worker.pick_at = 0; }

/* Goes to the end of the run queue. */
CAPR_HIDDEN void capr__yield(void);

/* Gives way if the running thread has had its turn for more than 10 ms. Called by what programs call in loops that wait for other
 * threads to change something: with native threads these go on at the same time. May block. */
CAPR_HIDDEN void capr__turn_over(void);

/* Whether the running thread may give way, and is in no section that it has asked not to be interrupted in. */
CAPR_HIDDEN int capr__may_give_way(void);
static inline void capr__turn_look(void) {
    if (__builtin_expect(!capr__worker.fast, 0)) capr__turn_over();
}

/* Starts to watch the length of turns, once there is a second thread (plain code: proc/turn.c). */
CAPR_HIDDEN void capr__turns_watch(void);

/* Now, in ns of CLOCK_MONOTONIC (plain code: runs on the big stack). */
CAPR_HIDDEN uint64_t capr__now(void);

/* Converts an absolute time of `clock` (CLOCK_REALTIME or CLOCK_MONOTONIC) to a deadline for capr__park_until. Returns 0 for a
 * time in the past. Plain code. */
struct timespec;
CAPR_HIDDEN uint64_t capr__deadline(int clock, const struct timespec *abstime);

/* Operations of rt/sync that signal handlers put off; the idle thread runs them (sync/wait.h). */
extern CAPR_HIDDEN volatile uint32_t capr__deferred_count;
CAPR_HIDDEN void capr__run_deferred(void);

/* A thread at the end of a list, and out of one. */
static inline void capr__list_push(struct capr_queue *q, struct capr_thread *t) {
    t->next = NULL;
    t->prev = q->tail;
    if (q->tail)
        q->tail->next = t;
    else
        q->head = t;
    q->tail = t;
}

static inline void capr__list_remove(struct capr_queue *q, struct capr_thread *t) {
    if (t->prev)
        t->prev->next = t->next;
    else
        q->head = t->next;
    if (t->next)
        t->next->prev = t->prev;
    else
        q->tail = t->prev;
    t->next = t->prev = NULL;
}

/* Wait queues: intrusive, FIFO; to the front who has been there before. The first two set t->queue, the others clear it. */
static inline void capr__queue_push(struct capr_queue *q, struct capr_thread *t) {
    capr__handlers_off();
    t->queue = q;
    capr__list_push(q, t);
    capr__handlers_on();
}

static inline void capr__queue_push_front(struct capr_queue *q, struct capr_thread *t) {
    capr__handlers_off();
    t->queue = q;
    t->prev = NULL;
    t->next = q->head;
    if (q->head)
        q->head->prev = t;
    else
        q->tail = t;
    q->head = t;
    capr__handlers_on();
}

static inline void capr__queue_remove(struct capr_thread *t) {
    struct capr_queue *q = t->queue;
    capr__handlers_off();
    t->queue = NULL;
    capr__list_remove(q, t);
    capr__handlers_on();
}

static inline struct capr_thread *capr__queue_pop(struct capr_queue *q) {
    struct capr_thread *t = q->head;
    if (t) capr__queue_remove(t);
    return t;
}

/* Waits in `q` until popped and made ready, or until the deadline. Returns 0 or ETIMEDOUT. Blocks. */
static inline int capr__wait(struct capr_queue *q, uint64_t deadline) {
    capr__queue_push(q, capr__self());
    return capr__park_until(deadline);
}

/* Pops one waiter of `q` and makes it ready; returns it, or NULL. */
static inline struct capr_thread *capr__wake_one(struct capr_queue *q) {
    capr__handlers_off(); /* it is nowhere in between */
    struct capr_thread *t = capr__queue_pop(q);
    if (t) capr__ready(t);
    capr__handlers_on();
    return t;
}

#endif
