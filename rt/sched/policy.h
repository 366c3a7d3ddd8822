/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Who of those that are ready runs next. Without a policy the run queue is a FIFO, and no code of a policy is on any path. With one, the
 * run queue is what the policy has chosen to run, and behind that what has become ready since; when the chosen ones have run, the policy
 * is asked again. To add one: write its three functions, and a row in policy.c.
 */
#ifndef CAPR_POLICY_H
#define CAPR_POLICY_H

#include "sched.h"

struct capr_policy {
    const char *name; /* of CAPRICCIO_SCHED */

    /* Takes the whole run queue (w->run_head), and leaves there the threads that are to run before it is asked again. Returns how many
     * these are; 0: none may run now, although some are kept. O(1) for each thread that it takes. Plain code. */
    uint32_t (*choose)(struct capr_worker *w);

    /* Every 10 ms of a busy worker (1 ms where a limit is near), at the latest before it sleeps. Returns whether the policy is to decide until the next one: else all
     * that it keeps goes back to the run queue, and a FIFO goes on. May be NULL: always. Plain code. */
    int (*decides)(struct capr_worker *w, uint64_t now);

    /* Gives back to the run queue, in order, all threads that it keeps. May be NULL: it keeps none. */
    void (*leave)(struct capr_worker *w);
};

/* NULL: FIFO (rr). */
extern CAPR_HIDDEN const struct capr_policy *capr__policy;

/* `resource`: who takes what is scarce may be made to wait for it. */
extern CAPR_HIDDEN int capr__policy_admits;

/* By name; 0 if there is none of this name. Before the first thread. */
CAPR_HIDDEN int capr__policy_set(const char *name);

/* Threads that are ready and that the policy keeps. */
extern CAPR_HIDDEN uint32_t capr__policy_kept;

/* All that the policy keeps goes back to the run queue: for who looks for a thread there. */
CAPR_HIDDEN void capr__policy_flatten(struct capr_worker *w);

/* In the child of a fork: it keeps nobody. */
CAPR_HIDDEN void capr__policy_forked(struct capr_worker *w);

/* Somebody is about to wait for what `holder` holds: it must not be kept from giving that back, nor who it waits for itself. Plain code;
 * only while a policy decides. */
CAPR_HIDDEN void capr__policy_need(struct capr_thread *holder);

/* The waiter that is to be woken before those ahead of it, since it gives back what is scarce; NULL: none. Plain code; only while a policy
 * decides. */
CAPR_HIDDEN struct capr_thread *capr__policy_first(const struct capr_queue *waiters);

/* On the idle thread, and where it is time to choose anew; how many threads are to run before it is again. */
CAPR_HIDDEN void capr__policy_tick(struct capr_worker *w, uint64_t now);
CAPR_HIDDEN uint32_t capr__policy_choose(struct capr_worker *w);

/* From one look to the next, and how long the idle thread may sleep while only threads are ready that may not run now: ns. 10 ms, or 1 ms where
 * something is about to become scarce. */
CAPR_HIDDEN uint64_t capr__policy_period(void);

#endif
