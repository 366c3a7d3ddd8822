/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * pthread_cancel and what a thread says about being cancelled (cancel.h has the rules for blocking code). A cancelled thread
 * ends by pthread_exit(PTHREAD_CANCELED) at its next cancellation point. A thread with asynchronous cancelability ends at
 * its next wait, sched_yield or turn of a loop that waits: nothing here stops a thread that computes.
 */
#include "cancel.h"

#include <errno.h>
#include <pthread.h>

#include "thread.h"

/* Deeper than all that most blocking calls need besides, and run once in a thread's life at most. */
CAPR_CHECKPOINT __attribute__((noinline, cold)) void capr__cancel_self(void) {
    if (!capr__may_switch()) return;
    pthread_exit(PTHREAD_CANCELED);
}

/* POSIX pthread_cancel. Returns 0 (also for a thread that has ended and was not joined), ESRCH for one that was joined. Never blocks;
 * does not return to a caller that cancels itself with asynchronous cancelability. */
CAPR_INTERPOSE int pthread_cancel(pthread_t thread) {
    CAPR_MONITOR;
    capr__turn_look();
    struct capr_thread *t = capr__thread_of(thread);
    if (!t) return ESRCH;
    if (t->state == CAPR_DONE) return 0;
    t->cancel_bits |= CAPR_CANCEL_PENDING;
    if (!capr__cancel_due(t)) return 0;
    if (t == capr__self()) {
        if (t->cancel_bits & CAPR_CANCEL_ASYNC) capr__cancel_self();
    } else if (t->state == CAPR_PARKED && (t->cancel_bits & CAPR_CANCEL_AT_POINT)) {
        /* Cleared here: a second pthread_cancel must not make it ready twice. */
        t->cancel_bits &= (uint8_t)~CAPR_CANCEL_AT_POINT;
        if (t->queue) capr__queue_remove(t);
        capr__ready(t);
    }
    return 0;
}

/* POSIX pthread_testcancel. Does not return to a cancelled thread. */
CAPR_INTERPOSE void pthread_testcancel(void) { CAPR_MONITOR; capr__cancel_point(); }

static int set(struct capr_thread *self, int on, uint8_t bit, int *old) {
    if (old) *old = (self->cancel_bits & bit) != 0;
    if (on)
        self->cancel_bits |= bit;
    else
        self->cancel_bits &= (uint8_t)~bit;
    if (capr__cancel_async_due(self)) capr__cancel_self();
    return 0;
}

static_assert(PTHREAD_CANCEL_ENABLE == 0 && PTHREAD_CANCEL_DISABLE == 1, "set() stores them as a bit");
static_assert(PTHREAD_CANCEL_DEFERRED == 0 && PTHREAD_CANCEL_ASYNCHRONOUS == 1, "set() stores them as a bit");

/* POSIX pthread_setcancelstate. Returns 0, or EINVAL. No cancellation point, unless cancelability is asynchronous. */
CAPR_INTERPOSE int pthread_setcancelstate(int state, int *old) {
    CAPR_MONITOR;
    if (state != PTHREAD_CANCEL_ENABLE && state != PTHREAD_CANCEL_DISABLE) return EINVAL;
    struct capr_thread *self = capr__self();
    if (self) return set(self, state, CAPR_CANCEL_DISABLED, old);
    if (old) /* a kernel thread that is no worker is never cancelled */
        *old = PTHREAD_CANCEL_DISABLE;
    return 0;
}

/* POSIX pthread_setcanceltype. Returns 0, or EINVAL. */
CAPR_INTERPOSE int pthread_setcanceltype(int type, int *old) {
    CAPR_MONITOR;
    if (type != PTHREAD_CANCEL_DEFERRED && type != PTHREAD_CANCEL_ASYNCHRONOUS) return EINVAL;
    struct capr_thread *self = capr__self();
    if (self) return set(self, type, CAPR_CANCEL_ASYNC, old);
    if (old) *old = PTHREAD_CANCEL_DEFERRED;
    return 0;
}
