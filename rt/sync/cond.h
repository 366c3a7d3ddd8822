/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A private pthread_cond_t as this runtime lays it out, and how one is told from a process-shared one, which is glibc's (libcs.h). All
 * zero is glibc's initialiser: nobody waits, CLOCK_REALTIME.
 */
#ifndef CAPR_SYNC_COND_H
#define CAPR_SYNC_COND_H

#include <pthread.h>

#include "../sched/sched.h"

struct capr_cond {
    struct capr_queue waiters; /* FIFO; a waiter's wait_data is not NULL until it was signalled */
    uint32_t sequence;         /* signals so far while there are pollers: what these compare */
    int32_t clock;             /* of pthread_cond_timedwait: CLOCK_REALTIME (0) or CLOCK_MONOTONIC */
    uint64_t pad;
    union {
        uint64_t special;      /* not 0: a signal has to look further than the queue */
        struct {
            uint32_t pollers;  /* waiters that poll `sequence`; changed by atomic instructions */
            uint32_t state;    /* 0, CAPR_COND_DESTROYED; or glibc's __wrefs, whose bits these are: */
        };
    };
};

#define CAPR_COND_SHARED 1    /* process-shared, so that the memory is glibc's */
#define CAPR_COND_MONOTONIC 2 /* in glibc's memory: CLOCK_MONOTONIC */
#define CAPR_COND_DESTROYED 2 /* in ours */

static_assert(sizeof(struct capr_cond) <= sizeof(pthread_cond_t), "pthread_cond_t");
static_assert(offsetof(struct capr_cond, state) == offsetof(pthread_cond_t, __data.__wrefs), "process-shared");
static_assert(CLOCK_REALTIME == 0, "all zero means CLOCK_REALTIME");

/* Makes the first waiter ready, or all of them. Not for signal handlers. */
CAPR_HIDDEN void capr__cond_wake(struct capr_cond *c, int all);

/* cond_shared.c: process-shared condition variables. The same as the POSIX functions; deadlines as in capr__mutex_lock. */
struct capr_mutex;
CAPR_HIDDEN int capr__shared_cond_wait(pthread_cond_t *c, struct capr_mutex *m, uint64_t deadline);
CAPR_HIDDEN int capr__shared_cond_wake(pthread_cond_t *c, int all);
CAPR_HIDDEN int capr__shared_cond_init(pthread_cond_t *c, const pthread_condattr_t *attr);
CAPR_HIDDEN int capr__shared_cond_destroy(pthread_cond_t *c);

#endif
