/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Process-shared condition variables: glibc's. A signal there leaves no trace where nobody waits, so that nothing can be polled but a
 * wait that has begun, and glibc's only wait stops the kernel thread: each user-level thread that waits has a helper kernel thread
 * for it (helper.h). The mutex remains the caller's, which gives it up once the helper is a waiter and takes it back, as it takes
 * any mutex, when the helper is done. What ends a wait early (cancellation) is a broadcast: the others find their condition
 * unchanged, as after any wake-up that POSIX allows, and no signal that the helper had is lost.
 *
 * Without kernel threads to be had, the wait gives the mutex up for a while and returns as if woken. That would always be sound, but
 * each of the waiting threads would lock the mutex and look at its condition a thousand times a second, and take no part in who is
 * signalled. A thousand that wait in vain cost 0.16 s of processor time a second so, and contend for the mutex; with helpers nothing,
 * but 12 MB and 10 ms rather than 1 when all are woken at once.
 */
#include <errno.h>

#include "../thread/cancel.h"
#include "cond.h"
#include "helper.h"
#include "libcs.h"
#include "mutex.h"
#include "wait.h"

/* The longest pause of capr__poll_wait. */
#define LONG_PAUSE 7

/* A kernel thread that is no worker is what glibc takes it for, if the mutex is glibc's too. */
static int wait_natively(pthread_cond_t *c, pthread_mutex_t *m, uint64_t deadline) {
    struct timespec until = capr__libcs_time(deadline);
    return deadline == CAPR_FOREVER ? capr__libcs()->cond_wait(c, m) : capr__libcs()->cond_clockwait(c, m, CLOCK_MONOTONIC, &until);
}

int capr__shared_cond_wait(pthread_cond_t *c, struct capr_mutex *m, uint64_t deadline) {
    struct capr_thread *self = capr__self();
    if (!self && capr__mutex_shared(CAPR_SEE(m->owner))) return wait_natively(c, (pthread_mutex_t *)m, deadline);
    struct capr_helper *h = capr__may_switch() && deadline ? capr__helper_get() : NULL;
    if (h) {
        capr__helper_ask(h, CAPR_HELPER_COND, c, deadline);
        for (unsigned round = 0; !capr__helper_waits(h);) capr__poll_wait(&round, CAPR_FOREVER, 0);
    }
    uint32_t count;
    int refused = capr__mutex_release(m, &count), ended = refused, error = 0;
    if (!h && !refused) {
        unsigned pause = deadline ? LONG_PAUSE : 0; /* a loop around a deadline in the past must let others run */
        error = capr__poll_wait(&pause, deadline ? deadline : CAPR_FOREVER, 1);
        if (!deadline) error = ETIMEDOUT;
        ended = 1;
    } else if (h) {
        if (refused) capr__libcs()->cond_broadcast(c);
        while (!capr__helper_done(h)) {
            if (!ended && capr__cancel_due(self)) {
                capr__libcs()->cond_broadcast(c);
                ended = 1;
            }
            capr__helper_park(h, !ended);
        }
        error = capr__helper_put(h);
    }
    if (refused) return refused;
    int relock = capr__mutex_reacquire(m, count);
    if (ended) capr__cancel_point();
    return relock ? relock : error;
}

int capr__shared_cond_wake(pthread_cond_t *c, int all) {
    return all ? capr__libcs()->cond_broadcast(c) : capr__libcs()->cond_signal(c);
}

int capr__shared_cond_init(pthread_cond_t *c, const pthread_condattr_t *attr) { return capr__libcs()->cond_init(c, attr); }

/* How long woken waiters may need to find out: ns, a thousand times what they do need. */
#define LEAVE_NS 1000000000ull

/* glibc waits for them, and for ever while others wait. From bit 3 on __wrefs counts both. */
int capr__shared_cond_destroy(pthread_cond_t *c) {
    uint64_t end = capr__now() + LEAVE_NS;
    for (unsigned round = 0; __atomic_load_n(&c->__data.__wrefs, __ATOMIC_ACQUIRE) >> 3;)
        if (capr__poll_wait(&round, end, 0)) return EBUSY;
    return capr__libcs()->cond_destroy(c);
}
