/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Cancellation as blocking code sees it. A cancellation point asks capr__cancel_point() on entry (three instructions when there
 * is nothing to do), waits through capr__park_point(), and asks again once it has put its own affairs in order. pthread_cancel
 * takes a thread that waits in capr__park_point() out of its wait queue and makes it ready; waits that are no cancellation
 * points (a mutex) use capr__park_until() and are left alone. The shape of a cancellable wait:
 *
 *     capr__cancel_point();                      before anything has been done that would have to be undone
 *     capr__queue_push(q, self);
 *     error = capr__park_point(deadline);        0, or ETIMEDOUT
 *     if (nobody granted it && capr__cancel_due(self)) {
 *         undo what was prepared (the queue entry is gone already);
 *         capr__cancel_point();                  does not return
 *     }
 *
 * A wait that was granted before the cancellation came keeps what it was granted: the cancellation stays pending.
 */
#ifndef CAPR_THREAD_CANCEL_H
#define CAPR_THREAD_CANCEL_H

#include "../sched/sched.h"

/* capr_thread.cancel_bits. Written by the thread itself, PENDING also by pthread_cancel, the last two by who sends a signal. */
enum capr_cancel_bits {
    CAPR_CANCEL_PENDING = 1,   /* pthread_cancel was called; never cleared */
    CAPR_CANCEL_DISABLED = 2,  /* PTHREAD_CANCEL_DISABLE */
    CAPR_CANCEL_ASYNC = 4,     /* PTHREAD_CANCEL_ASYNCHRONOUS */
    CAPR_CANCEL_UNWINDING = 8, /* handlers or destructors run: no second cancellation */
    CAPR_CANCEL_AT_POINT = 16, /* parked where pthread_cancel may wake it */
    CAPR_PARK_LOOKS = 32,      /* parked where it may be woken for nothing, to run a signal handler: it looks again */
    CAPR_SIGNALS_DUE = 64,     /* goes on through capr__signals_entry (proc/sigqueue.c) */
    CAPR_SIGNALS_ASKED = 128,  /* it ran on another worker when a signal was sent to it: it looks when it next gives way */
};

/* True when `t` has to act on a cancellation at its next point. */
static inline int capr__cancel_due(const struct capr_thread *t) {
    return (t->cancel_bits & (CAPR_CANCEL_PENDING | CAPR_CANCEL_DISABLED | CAPR_CANCEL_UNWINDING)) == CAPR_CANCEL_PENDING;
}

/* Ends the calling thread as cancelled. Returns only inside a signal handler, whose stack is not the thread's: there the
 * cancellation stays pending. */
CAPR_HIDDEN void capr__cancel_self(void);

/* What pthread_testcancel does; and a look whether the thread has had its turn for too long, as one has that calls in a loop what never
 * waits. Nothing on a kernel thread that is no worker. */
static inline void capr__cancel_point(void) {
    struct capr_thread *self = capr__self();
    capr__turn_look();
    if (__builtin_expect(self && capr__cancel_due(self), 0)) capr__cancel_self();
}

/* capr__park_until() at a cancellation point. Returns also when the calling thread was cancelled, and for nothing once it has run a
 * signal handler; the caller tells these apart by what its waker did. Blocks. */
static inline int capr__park_point(uint64_t deadline) {
    struct capr_thread *self = capr__self();
    self->cancel_bits |= CAPR_CANCEL_AT_POINT;
    int error = capr__park_until(deadline);
    self->cancel_bits &= (uint8_t)~CAPR_CANCEL_AT_POINT;
    return error;
}

/* capr__park_until() where POSIX has no cancellation point: only a thread with asynchronous cancelability may be cancelled
 * here. The caller asks capr__cancel_async_due() afterwards, and looks again at what it waits for: it may have run a signal
 * handler. Blocks. */
static inline int capr__park_lock(uint64_t deadline) {
    if (__builtin_expect(capr__self()->cancel_bits & CAPR_CANCEL_ASYNC, 0)) return capr__park_point(deadline);
    capr__self()->cancel_bits |= CAPR_PARK_LOOKS;
    int error = capr__park_until(deadline);
    capr__self()->cancel_bits &= (uint8_t)~CAPR_PARK_LOOKS;
    return error;
}

static inline int capr__cancel_async_due(const struct capr_thread *t) {
    return __builtin_expect(t->cancel_bits & CAPR_CANCEL_ASYNC, 0) && capr__cancel_due(t);
}

/* Runs what POSIX wants run when a thread ends by pthread_exit, cancellation or return: cleanup handlers, newest first, then
 * the destructors of its keys; then gives up its robust mutexes. Called by pthread_exit on the thread itself, with self->result
 * set. Does not return while handlers registered by pthread_cleanup_push are left: each gets control by longjmp and comes back
 * by calling pthread_exit(self->result) again. May block (handlers may). */
CAPR_HIDDEN void capr__thread_cleanup(struct capr_thread *self);

#endif
