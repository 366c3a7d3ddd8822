/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * pthread_rwlock_*. Fair by phases: new readers queue behind a waiting writer, and a writer that unlocks lets in every reader
 * that waited meanwhile, so that neither side starves. One exception keeps programs alive that glibc's default (readers first)
 * allows: a thread that holds a read lock already, of whatever rwlock, passes waiting writers, because it may be taking the
 * same lock again and would wait for itself. The count of read locks per thread is kept for that alone. The lock is handed
 * over: a thread that is made ready holds it.
 */
#include <errno.h>
#include <pthread.h>

#include "../thread/cancel.h"
#include "../thread/extra.h"
#include "granted.h"
#include "libcs.h"
#include "shared.h"
#include "wait.h"

#define SLOW_PATH __attribute__((noinline))
#define LOOK_AGAIN (-1)
#define DESTROYED 2ul /* as `writer` */

struct capr_rwlock {
    uint32_t readers;          /* read locks held */
    uint32_t pad;
    struct capr_queue reading; /* waiters, FIFO; the lock is theirs when they are granted it (granted.h) */
    uint64_t writer;           /* the thread that holds it for writing, 0: none, DESTROYED. In glibc's memory (process-shared: every
                                  operation goes to shared.c) the writing kernel thread's number, and 1 in the upper half, the
                                  flag: no record lies there (mutex.h) */
    struct capr_queue writing;
    uint32_t kind; /* offset 48 is glibc's __flags: PTHREAD_RWLOCK_PREFER_* */
};

static_assert(sizeof(struct capr_rwlock) <= sizeof(pthread_rwlock_t), "pthread_rwlock_t");
static_assert(offsetof(struct capr_rwlock, kind) == offsetof(pthread_rwlock_t, __data.__flags), "static initialisers");
static_assert(offsetof(struct capr_rwlock, writer) + 4 == offsetof(pthread_rwlock_t, __data.__shared), "process-shared");
static_assert(offsetof(struct capr_rwlock, writer) == CAPR_RWLOCK_WRITER, "deadlock.c");

static inline struct capr_rwlock *lock_of(pthread_rwlock_t *l) { return (struct capr_rwlock *)l; }
static inline int is_shared(const struct capr_rwlock *l) { return CAPR_UNLIKELY(l->writer >> 32 == 1); }

static void let_readers_in(struct capr_rwlock *l) {
    for (struct capr_thread *t; (t = capr__queue_pop(&l->reading));) {
        l->readers++;
        t->read_locks += t->read_locks != UINT16_MAX;
        capr__grant(t, l, CAPR_GRANTED_READING);
    }
}

/* After an unlock, or a waiter that gave up: whoever may have the lock gets it. */
static SLOW_PATH void pass(struct capr_rwlock *l, int readers_first) {
    if (l->writer) return;
    if (readers_first || !l->writing.head) let_readers_in(l);
    if (l->readers == 0 && l->writing.head) {
        struct capr_thread *t = capr__queue_pop(&l->writing);
        l->writer = (uint64_t)t;
        capr__grant(t, l, CAPR_GRANTED_WRITING);
    }
}

CAPR_HIDDEN void capr__rwlock_back(struct capr_rwlock *l, struct capr_thread *t, int writing) {
    if (writing) {
        l->writer = 0;
    } else {
        l->readers--;
        t->read_locks -= t->read_locks != UINT16_MAX;
    }
    pass(l, 0);
}

/* Queues and parks. Returns 0 with the lock held, ETIMEDOUT, EDEADLK in a signal handler, or LOOK_AGAIN when a handler has run
 * meanwhile. Frame: about 40 bytes and the park's. */
static SLOW_PATH int wait_in(struct capr_rwlock *l, struct capr_queue *q, uint64_t deadline) {
    struct capr_thread *self = capr__self();
    if (CAPR_UNLIKELY(!capr__may_switch())) return EDEADLK;
    capr__queue_push(q, self);
    self->wait_data = l;
    int error = capr__park_lock(deadline);
    if (CAPR_LIKELY(capr__granted(self))) return 0;
    self->wait_data = NULL;
    if (self->queue) capr__queue_remove(self);
    pass(l, 0); /* readers may have waited for this writer alone */
    if (error) return error;
    if (capr__cancel_async_due(self)) capr__cancel_self();
    return LOOK_AGAIN;
}

static int priority_of(const struct capr_thread *t) {
    const struct capr_extra *x = t->extra;
    return x && (x->policy == SCHED_FIFO || x->policy == SCHED_RR) ? x->priority : 0;
}

/* Writers wait. `self` may read all the same if it reads something already, or if it is of higher real-time priority than each of
 * them, as POSIX asks where priorities are supported. */
static int may_pass(const struct capr_rwlock *l, const struct capr_thread *self) {
    if (l->kind == PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP) return 0;
    if (self->read_locks) return 1;
    int mine = priority_of(self);
    for (const struct capr_thread *t = mine ? l->writing.head : NULL; t; t = t->next)
        if (priority_of(t) >= mine) return 0;
    return mine != 0;
}

static SLOW_PATH int read_slow(struct capr_rwlock *l, uint64_t deadline) {
    struct capr_thread *self = capr__self();
    capr__turn_look();
    if (is_shared(l)) return capr__shared_read((pthread_rwlock_t *)l, deadline);
    if (CAPR_UNLIKELY(l->writer == DESTROYED)) return EINVAL;
    if (CAPR_UNLIKELY(!self)) return ENOTSUP;
    if (l->writer == (uint64_t)self) return EDEADLK;
    for (;;) {
        if (!l->writer && (!l->writing.head || may_pass(l, self))) {
            if (l->readers == UINT32_MAX) return EAGAIN;
            l->readers++;
            self->read_locks += self->read_locks != UINT16_MAX;
            return 0;
        }
        int error = deadline == 0 ? EBUSY : wait_in(l, &l->reading, deadline);
        if (CAPR_LIKELY(error != LOOK_AGAIN)) return error;
    }
}

static SLOW_PATH int write_slow(struct capr_rwlock *l, uint64_t deadline) {
    struct capr_thread *self = capr__self();
    capr__turn_look();
    if (is_shared(l)) return capr__shared_write((pthread_rwlock_t *)l, deadline);
    if (CAPR_UNLIKELY(l->writer == DESTROYED)) return EINVAL;
    if (CAPR_UNLIKELY(!self)) return ENOTSUP;
    for (;;) {
        if (!l->writer && !l->readers) {
            l->writer = (uint64_t)self;
            return 0;
        }
        if (deadline == 0) return EBUSY;
        if (l->writer == (uint64_t)self) return EDEADLK;
        int error = wait_in(l, &l->writing, deadline);
        if (CAPR_LIKELY(error != LOOK_AGAIN)) return error;
    }
}

static inline int read_lock(struct capr_rwlock *l, uint64_t deadline) {
    struct capr_thread *self = capr__self();
    if (CAPR_LIKELY(!l->writer && !l->writing.head && capr__worker.fast && l->readers != UINT32_MAX)) {
        l->readers++;
        self->read_locks += self->read_locks != UINT16_MAX;
        return 0;
    }
    return read_slow(l, deadline);
}

static inline int write_lock(struct capr_rwlock *l, uint64_t deadline) {
    struct capr_thread *self = capr__self();
    if (CAPR_LIKELY(!l->writer && !l->readers && capr__worker.fast)) {
        l->writer = (uint64_t)self;
        return 0;
    }
    return write_slow(l, deadline);
}

/* POSIX pthread_rwlock_rdlock. Returns 0, EDEADLK (the caller holds it for writing), EAGAIN (2^32 readers), EINVAL
 * (destroyed; so all below), ENOTSUP (on a kernel thread that is no worker). Blocks. */
CAPR_INTERPOSE int pthread_rwlock_rdlock(pthread_rwlock_t *l) { CAPR_MONITOR; return read_lock(lock_of(l), CAPR_FOREVER); }

/* POSIX pthread_rwlock_wrlock. Returns 0, or EDEADLK when the caller holds it for writing. Blocks. */
CAPR_INTERPOSE int pthread_rwlock_wrlock(pthread_rwlock_t *l) { CAPR_MONITOR; return write_lock(lock_of(l), CAPR_FOREVER); }

/* POSIX pthread_rwlock_tryrdlock. Returns 0, EBUSY (also while a writer waits), EAGAIN. Never blocks. */
CAPR_INTERPOSE int pthread_rwlock_tryrdlock(pthread_rwlock_t *l) {
    CAPR_MONITOR;
    int error = read_lock(lock_of(l), 0);
    return error == EDEADLK || error == ETIMEDOUT ? EBUSY : error;
}

/* POSIX pthread_rwlock_trywrlock. Returns 0 or EBUSY. Never blocks. */
CAPR_INTERPOSE int pthread_rwlock_trywrlock(pthread_rwlock_t *l) {
    CAPR_MONITOR;
    int error = write_lock(lock_of(l), 0);
    return error == ETIMEDOUT ? EBUSY : error;
}

/* POSIX 2024. As rdlock, and ETIMEDOUT at `abstime` of `clock`; EINVAL, also where it is free, for what pthread_mutex_clocklock
 * does not wait by. Blocks. */
CAPR_INTERPOSE int pthread_rwlock_clockrdlock(pthread_rwlock_t *l, clockid_t clock, const struct timespec *abstime) {
    CAPR_MONITOR;
    if (CAPR_UNLIKELY(!capr__sync_valid(clock, abstime))) return EINVAL;
    int error = read_lock(lock_of(l), 0);
    if (error != EBUSY && error != ETIMEDOUT) return error;
    uint64_t deadline;
    error = capr__sync_deadline(clock, abstime, &deadline);
    if (error) return error;
    return deadline == 0 ? ETIMEDOUT : read_lock(lock_of(l), deadline);
}

/* The same for wrlock. */
CAPR_INTERPOSE int pthread_rwlock_clockwrlock(pthread_rwlock_t *l, clockid_t clock, const struct timespec *abstime) {
    CAPR_MONITOR;
    if (CAPR_UNLIKELY(!capr__sync_valid(clock, abstime))) return EINVAL;
    int error = write_lock(lock_of(l), 0);
    if (error != EBUSY && error != ETIMEDOUT) return error;
    uint64_t deadline;
    error = capr__sync_deadline(clock, abstime, &deadline);
    if (error) return error;
    if (lock_of(l)->writer == (uint64_t)capr__self()) return EDEADLK;
    if (deadline == 0 && !is_shared(lock_of(l))) return ETIMEDOUT;
    return write_lock(lock_of(l), deadline);
}

CAPR_INTERPOSE int pthread_rwlock_timedrdlock(pthread_rwlock_t *l, const struct timespec *abstime) {
    CAPR_MONITOR;
    return pthread_rwlock_clockrdlock(l, CLOCK_REALTIME, abstime);
}

CAPR_INTERPOSE int pthread_rwlock_timedwrlock(pthread_rwlock_t *l, const struct timespec *abstime) {
    CAPR_MONITOR;
    return pthread_rwlock_clockwrlock(l, CLOCK_REALTIME, abstime);
}

/* POSIX pthread_rwlock_unlock. Returns 0; EPERM when another thread holds it for writing; EINVAL when nobody holds it. Never
 * blocks. */
CAPR_INTERPOSE int pthread_rwlock_unlock(pthread_rwlock_t *lock) {
    CAPR_MONITOR;
    struct capr_rwlock *l = lock_of(lock);
    struct capr_thread *self = capr__self();
    if (CAPR_UNLIKELY(!self)) return is_shared(l) ? capr__shared_rwunlock(lock) : ENOTSUP;
    if (l->writer) {
        if (CAPR_UNLIKELY(l->writer != (uint64_t)self)) {
            if (is_shared(l)) return capr__shared_rwunlock(lock);
            return l->writer == DESTROYED ? EINVAL : EPERM;
        }
        l->writer = 0;
        if (CAPR_UNLIKELY(l->reading.head || l->writing.head)) pass(l, l->kind != PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
        return 0;
    }
    if (CAPR_UNLIKELY(l->readers == 0)) return EINVAL;
    if (self->read_locks) self->read_locks--;
    if (--l->readers == 0 && CAPR_UNLIKELY(l->reading.head || l->writing.head)) pass(l, 0);
    return 0;
}

/* POSIX pthread_rwlock_init. Returns 0. */
CAPR_INTERPOSE int pthread_rwlock_init(pthread_rwlock_t *lock, const pthread_rwlockattr_t *attr) {
    struct capr_rwlock *l = lock_of(lock);
    int value;
    if (attr && pthread_rwlockattr_getpshared(attr, &value) == 0 && value == PTHREAD_PROCESS_SHARED) return capr__shared_rwinit(lock, attr);
    *l = (struct capr_rwlock){ .writer = 0 };
    if (attr && pthread_rwlockattr_getkind_np(attr, &value) == 0) l->kind = (uint32_t)value;
    return 0;
}

/* POSIX pthread_rwlock_destroy. Returns 0, EBUSY while it is held or waited for, EINVAL the second time. */
CAPR_INTERPOSE int pthread_rwlock_destroy(pthread_rwlock_t *lock) {
    CAPR_MONITOR;
    struct capr_rwlock *l = lock_of(lock);
    if (l->writer == DESTROYED) return EINVAL;
    if (is_shared(l)) {
        int error = capr__shared_rwdestroy(lock);
        if (error) return error;
    } else if (l->writer || l->readers || l->reading.head || l->writing.head) {
        return EBUSY;
    }
    l->writer = DESTROYED;
    return 0;
}

/* Names that libraries built for older glibc versions bind to. */
CAPR_INTERPOSE int __pthread_rwlock_init(pthread_rwlock_t *l, const pthread_rwlockattr_t *a) { return pthread_rwlock_init(l, a); }
CAPR_INTERPOSE int __pthread_rwlock_destroy(pthread_rwlock_t *l) { return pthread_rwlock_destroy(l); }
CAPR_INTERPOSE int __pthread_rwlock_rdlock(pthread_rwlock_t *l) { return pthread_rwlock_rdlock(l); }
CAPR_INTERPOSE int __pthread_rwlock_wrlock(pthread_rwlock_t *l) { return pthread_rwlock_wrlock(l); }
CAPR_INTERPOSE int __pthread_rwlock_tryrdlock(pthread_rwlock_t *l) { return pthread_rwlock_tryrdlock(l); }
CAPR_INTERPOSE int __pthread_rwlock_trywrlock(pthread_rwlock_t *l) { return pthread_rwlock_trywrlock(l); }
CAPR_INTERPOSE int __pthread_rwlock_unlock(pthread_rwlock_t *l) { return pthread_rwlock_unlock(l); }
