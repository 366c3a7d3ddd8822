/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * pthread_barrier_*. The last thread to arrive starts the next round and makes the others ready. These count themselves out, for
 * pthread_barrier_destroy, which whichever returns first may call: one that ran a signal handler meanwhile learns from the
 * number of rounds that its own is over.
 */
#include <errno.h>
#include <limits.h>
#include <pthread.h>

#include "../thread/cancel.h"
#include "shared.h"
#include "wait.h"

struct capr_barrier {
    uint32_t count;            /* threads of a round, and SHARED; DESTROYED */
    uint32_t arrived;          /* in this round */
    struct capr_queue waiters; /* a waiter's wait_data is not NULL until its round is complete */
    uint32_t rounds;           /* complete rounds, modulo 2^32 */
    uint32_t inside;           /* threads that have waited and not come out yet: pthread_barrier_destroy waits for them */
};

#define SHARED 0x80000000u /* PTHREAD_PROCESS_SHARED */
#define DESTROYED SHARED   /* of no threads */

static_assert(sizeof(struct capr_barrier) <= sizeof(pthread_barrier_t), "pthread_barrier_t");

/* POSIX pthread_barrier_wait. Returns PTHREAD_BARRIER_SERIAL_THREAD to the thread that arrived last, 0 to the others; EDEADLK
 * where it would have to wait in a signal handler; EINVAL once it was destroyed. Blocks; no cancellation point. */
CAPR_INTERPOSE int pthread_barrier_wait(pthread_barrier_t *barrier)
{
    struct capr_barrier *b = (struct capr_barrier *)barrier;
    if (CAPR_UNLIKELY((b->count & SHARED) || !capr__self()))
        return capr__shared_barrier(&b->arrived, &b->rounds, b->count & ~SHARED);
    if (++b->arrived >= b->count) {
        b->arrived = 0;
        b->rounds++;
        for (struct capr_thread *t; (t = capr__queue_pop(&b->waiters));) {
            t->wait_data = NULL;
            capr__ready(t);
        }
        return PTHREAD_BARRIER_SERIAL_THREAD;
    }
    if (CAPR_UNLIKELY(!capr__may_switch())) {
        b->arrived--;
        return EDEADLK;
    }
    struct capr_thread *self = capr__self();
    uint32_t round = b->rounds;
    b->inside++;
    for (;;) {
        self->wait_data = b;
        capr__queue_push(&b->waiters, self);
        capr__park_lock(CAPR_FOREVER);
        if (CAPR_LIKELY(!self->wait_data))
            break;
        self->wait_data = NULL;
        if (self->queue)
            capr__queue_remove(self);
        if (b->rounds != round) /* complete while a signal handler ran */
            break;
        if (capr__cancel_async_due(self)) {
            b->arrived--;
            b->inside--;
            capr__cancel_self();
        }
    }
    b->inside--;
    return 0;
}

/* POSIX pthread_barrier_init. Returns 0, or EINVAL for a count of 0 or above INT_MAX. */
CAPR_INTERPOSE int pthread_barrier_init(pthread_barrier_t *barrier, const pthread_barrierattr_t *attr, unsigned count)
{
    if (count == 0 || count > INT_MAX)
        return EINVAL;
    struct capr_barrier *b = (struct capr_barrier *)barrier;
    *b = (struct capr_barrier){ .count = count };
    int shared;
    if (attr && pthread_barrierattr_getpshared(attr, &shared) == 0 && shared == PTHREAD_PROCESS_SHARED)
        b->count |= SHARED;
    return 0;
}

/* POSIX pthread_barrier_destroy. Returns 0, EBUSY while threads wait, EINVAL the second time. Gives way until those that need not wait
 * any more are out. */
CAPR_INTERPOSE int pthread_barrier_destroy(pthread_barrier_t *barrier)
{
    struct capr_barrier *b = (struct capr_barrier *)barrier;
    if (b->count == DESTROYED)
        return EINVAL;
    if (b->arrived)
        return EBUSY;
    for (unsigned round = 0; b->inside;)
        capr__poll_wait(&round, CAPR_FOREVER, 0);
    b->count = DESTROYED;
    return 0;
}
