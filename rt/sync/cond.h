/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A pthread_cond_t as this runtime lays it out. All zero is glibc's initialiser: nobody waits, CLOCK_REALTIME.
 */
#ifndef CAPR_SYNC_COND_H
#define CAPR_SYNC_COND_H

#include <pthread.h>

#include "../sched/sched.h"

struct capr_cond {
    struct capr_queue waiters; /* FIFO; a waiter's wait_data is not NULL until it was signalled */
    uint32_t sequence;         /* signals so far: what polling waiters compare */
    int32_t clock;             /* of pthread_cond_timedwait: CLOCK_REALTIME (0) or CLOCK_MONOTONIC */
    uint32_t shared;           /* 1, PTHREAD_PROCESS_SHARED: every waiter polls `sequence`; CAPR_COND_DESTROYED */
    uint32_t pollers;          /* those who do; changed by atomic instructions */
};

#define CAPR_COND_DESTROYED 2

static_assert(sizeof(struct capr_cond) <= sizeof(pthread_cond_t), "pthread_cond_t");
static_assert(CLOCK_REALTIME == 0, "all zero means CLOCK_REALTIME");

/* Makes the first waiter ready, or all of them. Not for signal handlers. */
CAPR_HIDDEN void capr__cond_wake(struct capr_cond *c, int all);

#endif
