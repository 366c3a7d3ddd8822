/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * pthread_cond_*. A waiter queues itself, gives the mutex up and parks; with one worker nothing can come between, so that
 * no sequence lock is needed. A signal makes the first waiter ready, which then locks the mutex like anybody else. Waits are
 * cancellation points: a waiter that was signalled before it was cancelled keeps the signal and returns; one that was cancelled
 * first takes the mutex back before its handlers run, as POSIX asks.
 */
#include "cond.h"

#include "../thread/cancel.h"
#include "mutex.h"
#include "wait.h"

#define SLOW_PATH __attribute__((noinline))

/* Waits by comparing the number of signals: kernel threads that are no workers make nobody ready. */
static SLOW_PATH int wait_polling(struct capr_cond *c, struct capr_mutex *m, uint64_t deadline) {
    if (c->state & CAPR_COND_SHARED) return capr__shared_cond_wait((pthread_cond_t *)c, m, deadline);
    if (c->state == CAPR_COND_DESTROYED) return EINVAL;
    __atomic_add_fetch(&c->pollers, 1, __ATOMIC_SEQ_CST); /* from here on signals count */
    uint32_t sequence = __atomic_load_n(&c->sequence, __ATOMIC_ACQUIRE);
    uint32_t count;
    int error = capr__mutex_release(m, &count);
    if (error) {
        __atomic_sub_fetch(&c->pollers, 1, __ATOMIC_RELEASE);
        return error;
    }
    unsigned round = 0;
    while (__atomic_load_n(&c->sequence, __ATOMIC_ACQUIRE) == sequence) {
        error = capr__poll_wait(&round, deadline, 1);
        if (error || (capr__self() && capr__cancel_due(capr__self()))) break;
    }
    int signalled = __atomic_load_n(&c->sequence, __ATOMIC_ACQUIRE) != sequence;
    __atomic_sub_fetch(&c->pollers, 1, __ATOMIC_RELEASE); /* it may be destroyed from here on */
    int relock = capr__mutex_reacquire(m, count);
    if (error == 0 && !signalled) capr__cancel_point();
    return relock ? relock : error;
}

/* Frame: about 50 bytes and the park's. */
static SLOW_PATH int wait_until(struct capr_cond *c, struct capr_mutex *m, uint64_t deadline) {
    struct capr_thread *self = capr__self();
    capr__cancel_point();
    if (CAPR_UNLIKELY(c->state || !capr__may_switch())) return wait_polling(c, m, deadline);
    uint32_t count;
    int error = capr__mutex_release(m, &count);
    if (CAPR_UNLIKELY(error)) return error;
    if (CAPR_UNLIKELY(deadline == 0)) {
        capr__yield(); /* a loop around a deadline in the past must not keep everybody else from running */
        error = ETIMEDOUT;
    } else {
        self->wait_data = c;
        capr__queue_push(&c->waiters, self);
        error = capr__park_point(deadline);
        if (CAPR_UNLIKELY(error == 0 && self->wait_data)) { /* nobody signalled: cancelled */
            self->wait_data = NULL;
            if (self->queue) capr__queue_remove(self);
            capr__mutex_reacquire(m, count);
            capr__cancel_point();
            return 0;
        }
    }
    int relock = capr__mutex_reacquire(m, count);
    return CAPR_UNLIKELY(relock) ? relock : error;
}

/* POSIX pthread_cond_wait. Returns 0 (also without a signal, rarely); EPERM when the mutex is recursive, error-checking or
 * robust and not the caller's; EOWNERDEAD, ENOTRECOVERABLE from taking it back; EINVAL once it was destroyed. A recursive mutex is released
 * whole and taken back as often. Blocks; a cancellation point. */
CAPR_INTERPOSE int pthread_cond_wait(pthread_cond_t *cond, pthread_mutex_t *mutex) {
    CAPR_MONITOR;
    return wait_until((struct capr_cond *)cond, capr__mutex(mutex), CAPR_FOREVER);
}

/* glibc and POSIX 2024. Also ETIMEDOUT at `abstime` of `clock`, and EINVAL for another clock than CLOCK_REALTIME and
 * CLOCK_MONOTONIC or nanoseconds outside [0, 10^9): the mutex is then not released. Blocks; a cancellation point. */
CAPR_INTERPOSE int pthread_cond_clockwait(pthread_cond_t *cond, pthread_mutex_t *mutex, clockid_t clock,
                                          const struct timespec *abstime) {
    CAPR_MONITOR;
    uint64_t deadline;
    int error = capr__sync_deadline(clock, abstime, &deadline);
    return error ? error : wait_until((struct capr_cond *)cond, capr__mutex(mutex), deadline);
}

/* POSIX pthread_cond_timedwait: the same by the clock of the condition variable's attributes. */
CAPR_INTERPOSE int pthread_cond_timedwait(pthread_cond_t *cond, pthread_mutex_t *mutex, const struct timespec *abstime) {
    CAPR_MONITOR;
    struct capr_cond *c = (struct capr_cond *)cond;
    clockid_t clock = c->clock;
    if (CAPR_UNLIKELY(c->state & CAPR_COND_SHARED)) clock = c->state & CAPR_COND_MONOTONIC ? CLOCK_MONOTONIC : CLOCK_REALTIME;
    return pthread_cond_clockwait(cond, mutex, clock, abstime);
}

void capr__cond_wake(struct capr_cond *c, int all) {
    do {
        struct capr_thread *t = capr__queue_pop(&c->waiters);
        if (!t) return;
        t->wait_data = NULL;
        capr__ready(t);
    } while (all);
}

/* Somebody polls, or the queue is none of ours. Returns whether that was all. */
static SLOW_PATH int wake_special(struct capr_cond *c, int all) {
    if (c->state & CAPR_COND_SHARED) {
        if (CAPR_UNLIKELY(capr__worker.in_signal)) /* which may have interrupted glibc's */
            capr__defer(all ? CAPR_DEFER_BROADCAST : CAPR_DEFER_SIGNAL, c);
        else
            capr__shared_cond_wake((pthread_cond_t *)c, all);
        capr__turn_look();
        return 1;
    }
    c->sequence++;
    return c->state != 0;
}

/* POSIX pthread_cond_signal. Returns 0. Never blocks. */
CAPR_INTERPOSE int pthread_cond_signal(pthread_cond_t *cond) {
    CAPR_MONITOR;
    struct capr_cond *c = (struct capr_cond *)cond;
    if (CAPR_UNLIKELY(c->special) && wake_special(c, 0)) return 0;
    capr__turn_look();
    if (!c->waiters.head) return 0;
    if (CAPR_UNLIKELY(!capr__may_switch()))
        capr__defer(CAPR_DEFER_SIGNAL, c);
    else
        capr__cond_wake(c, 0);
    return 0;
}

/* POSIX pthread_cond_broadcast. Returns 0. Never blocks. */
CAPR_INTERPOSE int pthread_cond_broadcast(pthread_cond_t *cond) {
    CAPR_MONITOR;
    struct capr_cond *c = (struct capr_cond *)cond;
    if (CAPR_UNLIKELY(c->special) && wake_special(c, 1)) return 0;
    capr__turn_look();
    if (!c->waiters.head) return 0;
    if (CAPR_UNLIKELY(!capr__may_switch()))
        capr__defer(CAPR_DEFER_BROADCAST, c);
    else
        capr__cond_wake(c, 1);
    return 0;
}

/* POSIX pthread_cond_init. Returns 0. */
CAPR_INTERPOSE int pthread_cond_init(pthread_cond_t *cond, const pthread_condattr_t *attr) {
    struct capr_cond *c = (struct capr_cond *)cond;
    int shared;
    clockid_t clock;
    if (attr && pthread_condattr_getpshared(attr, &shared) == 0 && shared == PTHREAD_PROCESS_SHARED) return capr__shared_cond_init(cond, attr);
    *c = (struct capr_cond){ .sequence = 0 };
    capr__turn_look();
    if (!attr) return 0;
    if (pthread_condattr_getclock(attr, &clock) == 0) c->clock = clock;
    return 0;
}

/* How long pthread_cond_destroy lets woken waiters that poll find out: ns, a thousand times what they need. */
#define LEAVE_NS 1000000000ull

/* POSIX pthread_cond_destroy. Returns 0, EBUSY while threads wait, EINVAL the second time. Safe at once after a broadcast: woken
 * threads do not touch it again; where waiters poll, it waits up to a second until they have gone. */
CAPR_INTERPOSE int pthread_cond_destroy(pthread_cond_t *cond) {
    CAPR_MONITOR;
    struct capr_cond *c = (struct capr_cond *)cond;
    if (CAPR_UNLIKELY(c->state)) {
        int error = c->state & CAPR_COND_SHARED ? capr__shared_cond_destroy(cond) : EINVAL;
        if (error == 0) c->state = CAPR_COND_DESTROYED;
        return error;
    }
    if (c->waiters.head) return EBUSY;
    if (CAPR_UNLIKELY(__atomic_load_n(&c->pollers, __ATOMIC_ACQUIRE))) {
        uint64_t end = capr__now() + LEAVE_NS;
        for (unsigned round = 0; __atomic_load_n(&c->pollers, __ATOMIC_ACQUIRE);)
            if (capr__poll_wait(&round, end, 0)) return EBUSY;
    }
    c->state = CAPR_COND_DESTROYED;
    return 0;
}
