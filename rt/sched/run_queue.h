/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The run queues where there are several workers: each has one, under a lock of its own, into which others put threads that stay with
 * it, and from which idle ones steal (workers.h). A thread that is made ready goes to the worker that made it so, whose cache has what
 * they exchanged.
 */
#ifndef CAPR_RUN_QUEUE_H
#define CAPR_RUN_QUEUE_H

#include "monitor.h"
#include "switch.h"

/* A worker's queue is somebody's alone meanwhile. With one worker, nothing. */
static inline void capr__run_lock(struct capr_worker *w) {
    if (__builtin_expect(capr__many, 0)) capr__spin_lock(&w->run_lock);
}

static inline void capr__run_unlock(struct capr_worker *w) {
    if (__builtin_expect(capr__many, 0)) capr__spin_unlock(&w->run_lock);
}

/* Puts `t`, which is ready, into the queue of its worker if it stays there, else of this one; wakes a worker if there is more to run than
 * one can. Inside the monitor. Never blocks. */
CAPR_HIDDEN void capr__run_add(struct capr_thread *t);

/* The same with any number of workers. */
static inline void capr__run_put(struct capr_worker *w, struct capr_thread *t) {
    if (__builtin_expect(capr__many, 0))
        capr__run_add(t);
    else
        capr__run_append(w, t);
}

/* The next thread of this worker: the idle one when none is ready or it is time for a look. Never blocks. */
CAPR_HIDDEN struct capr_thread *capr__run_pick(struct capr_worker *w);

/* Takes the first thread, or NULL. */
CAPR_HIDDEN struct capr_thread *capr__run_take(struct capr_worker *w);

/* Switches to `next`, from outside the monitor: the calling thread, which may be waited for and run by others from here on, is as deep inside
 * when it goes on, perhaps on another worker. Blocks. */
CAPR_HIDDEN void capr__run_switch(struct capr_thread *self, struct capr_thread *next);

/* What capr__yield does. Blocks. */
CAPR_HIDDEN void capr__run_yield(void);

/* Whether a thread that gives way now has to come back to this worker: external code may keep addresses of the kernel thread's own, and glibc knows the
 * holders of process-shared mutexes by their kernel threads. */
CAPR_HIDDEN void capr__stays_if_held(const struct capr_worker *w, struct capr_thread *self);

/* Another worker is about to leave `t`: waits until it has. */
static inline void capr__wait_off(const struct capr_thread *t) {
    while (__builtin_expect(__atomic_load_n(&t->running, __ATOMIC_ACQUIRE), 0)) __builtin_ia32_pause();
}

/* `next` is the one to run, nobody else's. */
static inline void capr__run_begin(struct capr_worker *w, struct capr_thread *next) {
    next->running = 1;
    next->worker = (uint8_t)w->number;
    CAPR_SHOW_MORE(w->count.switches, 1);
}

#endif
