/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Kernel threads that wait on process-shared objects which have no form that tries: a condition variable knows its waiters and loses
 * the signals that come while there are none, and a barrier counts them. One for each user-level thread that waits so, which
 * parks until its helper is done. (The pool's threads end a call by a signal, which these calls do not heed, and a program gets the
 * pool only with the calls that need it.)
 */
#ifndef CAPR_SYNC_HELPER_H
#define CAPR_SYNC_HELPER_H

#include <pthread.h>

#include "../sched/leaving.h"
#include "../sched/sched.h"
#include "../thread/cancel.h"

enum capr_helper_call { CAPR_HELPER_COND, CAPR_HELPER_BARRIER };

enum capr_helper_state {
    CAPR_HELPER_IDLE,
    CAPR_HELPER_ASKED,
    CAPR_HELPER_WAITS,    /* in glibc's wait, or about to be */
    CAPR_HELPER_FINISHED, /* its thread has not been told */
    CAPR_HELPER_DONE,
    CAPR_HELPER_END,      /* it is to end */
};

struct capr_helper {
    struct capr_helper *next;   /* those without work; those that have finished; those that end */
    uint32_t state;             /* futex, enum capr_helper_state: WAITS and FINISHED are the helper's to set, the others the worker's */
    enum capr_helper_call call;
    void *object;
    uint64_t deadline;          /* ns of CLOCK_MONOTONIC */
    int result;                 /* of glibc's call */
    int waiting;                /* `thread` is parked for this and nothing else */
    int left;                   /* `thread` has left its wait by a jump: nobody takes the result */
    int gone;                   /* its kernel thread is the parent's */
    struct capr_leaving leaving;
    struct capr_thread *thread;
    pthread_t kernel_thread;
    pthread_mutex_t waits;      /* glibc's: the helper holds it from ASKED until it is a waiter of the condition */
};

/* One without work, or NULL: there is no kernel thread to be had. None of these blocks. On the worker, in no signal handler. */
CAPR_HIDDEN struct capr_helper *capr__helper_get(void);

/* Begins glibc's wait on the object for the calling thread; a condition's until `deadline` (CAPR_FOREVER: none). */
CAPR_HIDDEN void capr__helper_ask(struct capr_helper *h, enum capr_helper_call call, void *object, uint64_t deadline);

/* Whether a condition's next signal counts it as a waiter, or it has finished. */
CAPR_HIDDEN int capr__helper_waits(struct capr_helper *h);

static inline int capr__helper_done(const struct capr_helper *h) { return h->state == CAPR_HELPER_DONE; }

/* Gives way until it is done, or for nothing where a signal handler ran, or where the thread was cancelled at a `point`. Blocks. */
static inline void capr__helper_park(struct capr_helper *h, int point) {
    struct capr_thread *self = capr__self();
    capr__fd_waiter_begin(self);
    h->waiting = 1;
    if (point)
        capr__park_point(CAPR_FOREVER);
    else
        capr__park_lock(CAPR_FOREVER);
    h->waiting = 0;
    capr__fd_waiter_end(self);
}

/* Takes back one that is done. Returns what the call returned. */
CAPR_HIDDEN int capr__helper_put(struct capr_helper *h);

/* Joins those that are about to end. Stops the worker for that. */
CAPR_HIDDEN void capr__helpers_before_fork(void);

#endif
