/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * sem_*: unnamed semaphores. A post with waiters gives its count to the first one, so that a count cannot be lost between
 * waking and running. sem_post is the one operation that signal handlers may use: the count changes in one instruction, and a
 * handler leaves the queue alone and lets the idle thread pass the count on (wait.h). Waits are cancellation points.
 * Process-shared and named semaphores are glibc's, polled (sem_shared.c).
 */
#include "sem.h"

#include <errno.h>
#include <limits.h>

#include "../proc/signals.h"
#include "../thread/cancel.h"
#include "granted.h"
#include "wait.h"

#define SLOW_PATH __attribute__((noinline))

static inline int is_ours(const sem_t *s) { return CAPR_LIKELY(((const struct capr_sem *)s)->magic == CAPR_SEM_MAGIC); }

/* Single instructions: a handler that comes between a load and a store would lose its post. */
static inline void increment(uint32_t *value) { __asm__ volatile("incl %0" : "+m"(*value) : : "cc"); }
static inline void decrement(uint32_t *value) { __asm__ volatile("decl %0" : "+m"(*value) : : "cc"); }

void capr__sem_pass(struct capr_sem *s) {
    if (s->magic != CAPR_SEM_MAGIC) /* destroyed since a handler posted */
        return;
    while (s->value && s->waiters.head) {
        decrement(&s->value);
        capr__grant(capr__queue_pop(&s->waiters), s, CAPR_GRANTED_UNIT);
    }
}

CAPR_HIDDEN void capr__sem_back(struct capr_sem *s) {
    increment(&s->value);
    capr__sem_pass(s);
}

static SLOW_PATH int fail(int error) {
    errno = error;
    return -1;
}

static inline int try(struct capr_sem *s) {
    if (s->value == 0) return 0;
    decrement(&s->value);
    return 1;
}

/* Frame: about 40 bytes and the park's. */
static SLOW_PATH int wait_until(struct capr_sem *s, uint64_t deadline) {
    struct capr_thread *self = capr__self();
    if (CAPR_UNLIKELY(!capr__may_switch())) {
        for (unsigned round = 0; !try(s);)
            if (capr__poll_wait(&round, deadline, 0)) return fail(ETIMEDOUT);
        return 0;
    }
    for (;;) {
        capr__queue_push(&s->waiters, self);
        capr__signals_wait_begin(self, deadline == CAPR_FOREVER ? &capr__wait_restartable : &capr__wait_interruptible);
        __asm__ volatile("" ::: "memory");
        if (CAPR_UNLIKELY(s->value)) { /* a handler posted before it could see that we wait */
            capr__queue_remove(self);
            self->wait_data = NULL;
            decrement(&s->value);
            return 0;
        }
        int error = capr__park_point(deadline);
        if (CAPR_LIKELY(capr__granted(self))) return 0;
        if (self->queue) capr__queue_remove(self);
        int interrupted = capr__signals_wait_end(self);
        if (error) return fail(error);
        capr__cancel_point();
        if (interrupted) return fail(EINTR);
    }
}

/* POSIX sem_wait. Returns 0, or -1 with EINVAL (destroyed), EINTR. Blocks; a cancellation point. */
CAPR_INTERPOSE int sem_wait(sem_t *sem) {
    CAPR_MONITOR;
    struct capr_sem *s = (struct capr_sem *)sem;
    capr__cancel_point();
    if (!is_ours(sem)) return capr__sem_shared_wait(sem, CAPR_FOREVER);
    return CAPR_LIKELY(try(s)) ? 0 : wait_until(s, CAPR_FOREVER);
}

/* POSIX sem_trywait. Returns 0, or -1 with EAGAIN. Never blocks. */
CAPR_INTERPOSE int sem_trywait(sem_t *sem) {
    CAPR_MONITOR;
    if (!is_ours(sem)) return capr__sem_shared_wait(sem, 0);
    if (CAPR_LIKELY(try((struct capr_sem *)sem))) return 0;
    capr__turn_look();
    return fail(EAGAIN);
}

/* POSIX 2024 sem_clockwait. Also ETIMEDOUT at `abstime` of `clock`; EINVAL for other clocks than CLOCK_REALTIME and
 * CLOCK_MONOTONIC, or nanoseconds outside [0, 10^9); EINTR after a handler whatever SA_RESTART says, as in glibc, where the
 * kernel does not restart a wait that has an end. Blocks; a cancellation point. */
CAPR_INTERPOSE int sem_clockwait(sem_t *sem, clockid_t clock, const struct timespec *abstime) {
    CAPR_MONITOR;
    struct capr_sem *s = (struct capr_sem *)sem;
    capr__cancel_point();
    int ours = is_ours(sem);
    if (CAPR_UNLIKELY(!capr__sync_valid(clock, abstime))) return fail(EINVAL);
    if (ours && CAPR_LIKELY(try(s))) return 0;
    uint64_t deadline;
    int error = capr__sync_deadline(clock, abstime, &deadline);
    if (error) return fail(error);
    if (deadline == CAPR_FOREVER)
        deadline--; /* it is a wait with an end all the same */
    if (!ours) {
        int result = capr__sem_shared_wait(sem, deadline);
        return result != 0 && errno == EAGAIN ? fail(ETIMEDOUT) : result;
    }
    return deadline == 0 ? fail(ETIMEDOUT) : wait_until(s, deadline);
}

/* POSIX sem_timedwait: the same by CLOCK_REALTIME. */
CAPR_INTERPOSE int sem_timedwait(sem_t *sem, const struct timespec *abstime) {
    CAPR_MONITOR;
    return sem_clockwait(sem, CLOCK_REALTIME, abstime);
}

/* POSIX sem_post. Returns 0, or -1 with EOVERFLOW. Async-signal-safe; never blocks. */
CAPR_INTERPOSE int sem_post(sem_t *sem) {
    CAPR_MONITOR;
    struct capr_sem *s = (struct capr_sem *)sem;
    if (!is_ours(sem)) return capr__sem_shared_post(sem);
    if (CAPR_UNLIKELY(s->value == SEM_VALUE_MAX)) return fail(EOVERFLOW);
    increment(&s->value);
    if (CAPR_LIKELY(!s->waiters.head)) return 0;
    if (CAPR_UNLIKELY(!capr__may_switch()))
        capr__defer(CAPR_DEFER_POST, s);
    else
        capr__sem_pass(s);
    return 0;
}

/* POSIX sem_init. `value` up to SEM_VALUE_MAX, else -1 with EINVAL. */
CAPR_INTERPOSE int sem_init(sem_t *sem, int shared, unsigned value) {
    if (value > SEM_VALUE_MAX) return fail(EINVAL);
    if (shared) return capr__sem_shared_init(sem, value);
    *(struct capr_sem *)sem = (struct capr_sem){ .value = value, .magic = CAPR_SEM_MAGIC };
    return 0;
}

/* POSIX sem_destroy. Returns 0, or -1 with EBUSY while threads wait, EINVAL the second time. */
CAPR_INTERPOSE int sem_destroy(sem_t *sem) {
    CAPR_MONITOR;
    struct capr_sem *s = (struct capr_sem *)sem;
    if (!is_ours(sem)) return capr__sem_shared_destroy(sem);
    if (s->waiters.head) return fail(EBUSY);
    s->magic = CAPR_SEM_DESTROYED;
    return 0;
}

/* POSIX sem_getvalue: 0 while threads wait, never negative. Returns 0. */
CAPR_INTERPOSE int sem_getvalue(sem_t *sem, int *value) {
    CAPR_MONITOR;
    if (!is_ours(sem)) return capr__sem_shared_getvalue(sem, value);
    *value = (int)((struct capr_sem *)sem)->value;
    return 0;
}
