/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Waiting for a thread's end, and giving up the right to. The joiner frees the chunk with the record, which no longer says then
 * that it is one: a second join is told so as long as no other thread has got the chunk.
 */
#include <errno.h>
#include <pthread.h>
#include <time.h>

#include "../sched/run_queue.h"
#include "../stack/chunk.h"
#include "cancel.h"
#include "extra.h"
#include "thread.h"

/* What forbids `self` to join `t` (capr__thread_of), or 0. */
static inline int join_error(const struct capr_thread *self, const struct capr_thread *t) {
    if (!t) return ESRCH;
    if (t == self || self->joiner == t) return EDEADLK;
    if (t->detached || t->joiner) return EINVAL;
    return 0;
}

static inline void bury(struct capr_thread *t, void **result) {
    struct capr_chunk *first = capr__first_chunk(t);
    if (capr__many) capr__wait_off(t);
    if (result) *result = t->result;
    capr__extra_free(t);
    t->state = 0;
    if (first) {
        first->flags &= (uint16_t)~CAPR_CHUNK_RECORD;
        capr__chunk_give(first);
    }
}

static int join_until(struct capr_thread *t, void **result, uint64_t deadline) {
    struct capr_thread *self = capr__self();
    if (!self) return EINVAL;
    int error = join_error(self, t);
    if (error) return error;
    capr__cancel_point();
    while (t->state != CAPR_DONE) {
        t->joiner = self;
        self->wait_data = t;
        error = capr__park_point(deadline);
        self->wait_data = NULL;
        if (t->state != CAPR_DONE && (error || capr__cancel_due(self))) {
            t->joiner = NULL;
            capr__cancel_point();
            return error;
        }
    }
    bury(t, result);
    return 0;
}

/* Waits until `t` has ended, stores its result, frees it. EDEADLK: itself, or a thread that joins the caller. EINVAL: detached, or
 * somebody else joins it. ESRCH: joined before. Blocks; a cancellation point.
 * https://pubs.opengroup.org/onlinepubs/9699919799/functions/pthread_join.html */
CAPR_INTERPOSE int pthread_join(pthread_t t, void **result) {
    CAPR_MONITOR;
    return join_until(capr__thread_of(t), result, CAPR_FOREVER);
}

/* The same without waiting: EBUSY while `t` runs. */
CAPR_INTERPOSE int pthread_tryjoin_np(pthread_t thread, void **result) {
    CAPR_MONITOR;
    struct capr_thread *t = capr__thread_of(thread), *self = capr__self();
    if (!self) return EINVAL;
    int error = join_error(self, t);
    if (error) return error;
    if (t->state != CAPR_DONE) return EBUSY;
    bury(t, result);
    return 0;
}

/* The same until `abstime` of `clock`, then ETIMEDOUT. EINVAL: another clock than the two, or no time. */
CAPR_INTERPOSE int pthread_clockjoin_np(pthread_t t, void **result, clockid_t clock, const struct timespec *abstime) {
    CAPR_MONITOR;
    if (clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC) return EINVAL;
    if (abstime && (abstime->tv_nsec < 0 || abstime->tv_nsec >= 1000000000)) return EINVAL;
    return join_until(capr__thread_of(t), result, abstime ? capr__deadline(clock, abstime) : CAPR_FOREVER);
}

CAPR_INTERPOSE int pthread_timedjoin_np(pthread_t t, void **result, const struct timespec *abstime) {
    CAPR_MONITOR;
    return pthread_clockjoin_np(t, result, CLOCK_REALTIME, abstime);
}

/* Gives up the right to join `t`, whose memory is freed when it ends. EINVAL: detached already, or somebody waits to join it. ESRCH:
 * joined before, or ended detached. */
CAPR_INTERPOSE int pthread_detach(pthread_t thread) {
    CAPR_MONITOR;
    struct capr_thread *t = capr__thread_of(thread);
    if (!t) return ESRCH;
    if (t->detached || t->joiner) /* whose joiner would look for an end in memory that has been freed */
        return EINVAL;
    if (t->state == CAPR_DONE)
        bury(t, NULL);
    else
        t->detached = 1;
    return 0;
}
