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
#include "libcs.h"
#include "shared.h"
#include "wait.h"

struct capr_barrier {
    uint32_t count;            /* threads of a round */
    uint32_t arrived;          /* in this round */
    uint32_t inside;           /* threads that have waited and not come out yet: pthread_barrier_destroy waits for them */
    uint8_t special;           /* offset 12 is glibc's `shared`, 128 in a process-shared barrier, whose memory is glibc's; DESTROYED */
    uint8_t rounds[3];         /* complete rounds, modulo 2^24 */
    struct capr_queue waiters; /* a waiter's wait_data is not NULL until its round is complete */
};

#define DESTROYED 1

/* The word of both. */
#define ONE_ROUND 0x100u
static inline uint32_t *rounds_of(struct capr_barrier *b) { return (uint32_t *)&b->special; }

static_assert(offsetof(struct capr_barrier, special) == 12, "glibc's struct pthread_barrier (libcs.c looks)");
static_assert(sizeof(struct capr_barrier) <= sizeof(pthread_barrier_t), "pthread_barrier_t");

/* Process-shared, destroyed; or a kernel thread that is no worker, which nobody can make ready, so that it polls. */
static __attribute__((noinline)) int wait_special(struct capr_barrier *b) {
    if (b->special) return b->special == DESTROYED ? EINVAL : capr__shared_barrier_wait((pthread_barrier_t *)b);
    uint32_t now = __atomic_load_n(rounds_of(b), __ATOMIC_ACQUIRE);
    if (__atomic_add_fetch(&b->arrived, 1, __ATOMIC_ACQ_REL) == b->count) {
        __atomic_store_n(&b->arrived, 0, __ATOMIC_RELAXED);
        __atomic_add_fetch(rounds_of(b), ONE_ROUND, __ATOMIC_RELEASE);
        return PTHREAD_BARRIER_SERIAL_THREAD;
    }
    for (unsigned round = 0; __atomic_load_n(rounds_of(b), __ATOMIC_ACQUIRE) == now;) capr__poll_wait(&round, CAPR_FOREVER, 0);
    return 0;
}

/* POSIX pthread_barrier_wait. Returns PTHREAD_BARRIER_SERIAL_THREAD to the thread that arrived last, 0 to the others; EDEADLK
 * where it would have to wait in a signal handler; EINVAL once it was destroyed. Blocks; no cancellation point. */
CAPR_INTERPOSE int pthread_barrier_wait(pthread_barrier_t *barrier) {
    CAPR_MONITOR;
    struct capr_barrier *b = (struct capr_barrier *)barrier;
    if (CAPR_UNLIKELY(b->special || !capr__self())) return wait_special(b);
    if (++b->arrived >= b->count) {
        b->arrived = 0;
        *rounds_of(b) += ONE_ROUND;
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
    uint32_t round = *rounds_of(b);
    b->inside++;
    for (;;) {
        self->wait_data = b;
        capr__queue_push(&b->waiters, self);
        capr__park_lock(CAPR_FOREVER);
        if (CAPR_LIKELY(!self->wait_data)) break;
        self->wait_data = NULL;
        if (self->queue) capr__queue_remove(self);
        if (*rounds_of(b) != round) /* complete while a signal handler ran */
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
CAPR_INTERPOSE int pthread_barrier_init(pthread_barrier_t *barrier, const pthread_barrierattr_t *attr, unsigned count) {
    CAPR_MONITOR;
    if (count == 0 || count > INT_MAX) return EINVAL;
    struct capr_barrier *b = (struct capr_barrier *)barrier;
    int shared;
    if (attr && pthread_barrierattr_getpshared(attr, &shared) == 0 && shared == PTHREAD_PROCESS_SHARED)
        return capr__libcs()->barrier_init(barrier, attr, count);
    *b = (struct capr_barrier){ .count = count };
    return 0;
}

/* POSIX pthread_barrier_destroy. Returns 0, EBUSY while threads wait, EINVAL the second time. Gives way until those that need not wait
 * any more are out. */
CAPR_INTERPOSE int pthread_barrier_destroy(pthread_barrier_t *barrier) {
    CAPR_MONITOR;
    struct capr_barrier *b = (struct capr_barrier *)barrier;
    if (CAPR_UNLIKELY(b->special)) {
        int error = b->special == DESTROYED ? EINVAL : capr__shared_barrier_destroy(barrier);
        if (error == 0) b->special = DESTROYED;
        return error;
    }
    if (b->arrived) return EBUSY;
    for (unsigned round = 0; b->inside;) capr__poll_wait(&round, CAPR_FOREVER, 0);
    b->special = DESTROYED;
    return 0;
}
