/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * pthread_mutex_*: lock, trylock, unlock, and the queue of waiters. Fast paths are a load, a compare and a store (mutex.h says
 * why that is enough for every type). An unlock makes a waiter ready and leaves the mutex free, so that a thread which locks
 * and unlocks in a loop does not switch at each turn (a convoy); a waiter that lost CAPR_MUTEX_PATIENCE times in a row is
 * handed the mutex instead, and while one woken waiter is on its way no second one is woken. Attributes are glibc's own
 * functions: they are plain data, read here through their getters.
 */
#include "mutex.h"

#include <limits.h>
#include <sched.h>
#include <string.h>

#include "../sched/policy.h"
#include "../thread/cancel.h"
#include "granted.h"
#include "libcs.h"
#include "wait.h"

/* Each loss costs the waiter one switch in and out, about 10 ns; eight bound the wait to eight critical sections of others. */
#define CAPR_MUTEX_PATIENCE 8

#define SLOW_PATH __attribute__((noinline))
/* The fast paths take 34 to 41 bytes each, and a lock with its unlock a sixth longer where these lie across two cache lines. */
#define ONE_LINE __attribute__((aligned(64)))

/* What the owner word says before it is an owner's: a mutex that is no private one or none at all, else 0. A type that a static
 * initialiser left there is moved to its place; by compare-and-swap, since kernel threads that are no workers come here too. */
enum state { PRIVATE, SHARED, DESTROYED };

static inline enum state look_at(struct capr_mutex *m) {
    uint64_t word = CAPR_SEE(m->owner);
    if (CAPR_UNLIKELY(word - 1 < CAPR_MUTEX_TYPE)) {
        m->kind = (int32_t)word;
        __atomic_compare_exchange_n(&m->owner, &word, 0, 0, __ATOMIC_RELEASE, __ATOMIC_RELAXED);
        return PRIVATE;
    }
    if (CAPR_UNLIKELY((uint32_t)word == CAPR_MUTEX_DESTROYED)) return DESTROYED;
    return CAPR_UNLIKELY(capr__mutex_shared(word)) ? SHARED : PRIVATE;
}

static inline pthread_mutex_t *posix(struct capr_mutex *m) { return (pthread_mutex_t *)m; }

static inline struct capr_thread *owner_of(const struct capr_mutex *m) {
    return (struct capr_thread *)(CAPR_SEE(m->owner) & CAPR_MUTEX_OWNER);
}

/* The owner word of a free mutex of this kind, and the bits that its owner word keeps. */
static inline uint64_t base_bits(const struct capr_mutex *m) {
    return (m->kind & CAPR_MUTEX_ROBUST ? CAPR_MUTEX_SLOW : 0) | (m->waiters.head ? CAPR_MUTEX_WAITERS : 0);
}

/* With several workers the owner word says SLOW throughout, so that no lock and no unlock takes a fast path that is not atomic. It changes
 * outside the monitor in two ways only, from 0 to a holder's without waiters and back, and so inside by compare-and-swap where it could
 * do that meanwhile. */
static inline uint64_t held_by(const struct capr_thread *self) { return (uint64_t)self | (capr__many ? CAPR_MUTEX_SLOW : 0); }

/* Inside the monitor or with one worker. Who finds a mutex free by this has to see what was done while it was held. */
static inline void set_owner(struct capr_mutex *m, uint64_t to) { __atomic_store_n(&m->owner, to, __ATOMIC_RELEASE); }
static inline void add_bits(struct capr_mutex *m, uint64_t bits) { set_owner(m, CAPR_SEE(m->owner) | bits); }

static inline int swap_owner(struct capr_mutex *m, uint64_t from, uint64_t to) {
    return __atomic_compare_exchange_n(&m->owner, &from, to, 0, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
}

/* A free mutex becomes self's; EBUSY if it no longer is free. */
static inline int take(struct capr_mutex *m, struct capr_thread *self) {
    if (CAPR_UNLIKELY(capr__many)) {
        uint64_t word = CAPR_SEE(m->owner);
        if ((word & CAPR_MUTEX_OWNER) || !swap_owner(m, word, held_by(self) | base_bits(m))) return EBUSY;
    } else {
        set_owner(m, (uint64_t)self | base_bits(m));
    }
    self->needed = m->waiters.head != NULL;
    if (CAPR_UNLIKELY(m->kind & CAPR_MUTEX_ROBUST)) {
        int error = capr__robust_add(self, m);
        if (error) {
            set_owner(m, base_bits(m));
            capr__mutex_pass(m);
            return error;
        }
        if (m->kind & CAPR_MUTEX_ORPHANED) return EOWNERDEAD;
    }
    return 0;
}

/* Self holds it already. */
static int relock(struct capr_mutex *m) {
    switch (m->kind & CAPR_MUTEX_TYPE) {
    case PTHREAD_MUTEX_RECURSIVE:
        if (m->count == UINT_MAX) return EAGAIN;
        m->count++;
        add_bits(m, CAPR_MUTEX_SLOW);
        return 0;
    case PTHREAD_MUTEX_ERRORCHECK:
        return EDEADLK;
    default:
        return EBUSY; /* lock: wait for ever, as POSIX asks of a normal mutex */
    }
}

/* The queue and the owner word after one waiter was chosen, or none was there. */
void capr__mutex_pass(struct capr_mutex *m) {
    struct capr_thread *self = capr__self(), *t = NULL;
    if (self) self->needed = 0;
    if (CAPR_UNLIKELY(capr__worker.policy && m->waiters.head)) t = capr__policy_first(&m->waiters);
    if (CAPR_UNLIKELY(t != NULL)) { /* also where a woken one is on its way, which may be held */
        capr__queue_remove(t);
    } else if (m->waker == capr__sync_epoch && m->starved < CAPR_MUTEX_PATIENCE) {
        set_owner(m, base_bits(m));
        return;
    } else {
        t = capr__queue_pop(&m->waiters);
    }
    uint64_t word = base_bits(m);
    if (t && m->starved >= CAPR_MUTEX_PATIENCE && !(m->kind & CAPR_MUTEX_ROBUST)) {
        m->starved = 0;
        word |= held_by(t); /* in one store: another worker takes what it sees free */
    } else if (t) {
        m->waker = capr__sync_epoch;
    }
    set_owner(m, word);
    if (!t) return;
    capr__grant(t, m, CAPR_GRANTED_MUTEX);
}

/* `t` was handed it, or was woken to try for it, and does not go on from its wait for now. */
void capr__mutex_back(struct capr_mutex *m, const struct capr_thread *t) {
    m->waker = 0;
    const struct capr_thread *owner = owner_of(m);
    if (owner == t || (!owner && m->waiters.head)) capr__mutex_pass(m);
}

/* Waits for the mutex until the deadline. Frame: about 56 bytes and the park's. */
static SLOW_PATH int wait_for(struct capr_mutex *m, struct capr_thread *self, uint64_t deadline) {
    /* In a handler, on a stack that is not the thread's: whoever holds it cannot run before the handler ends. */
    if (capr__worker.in_signal) return EDEADLK;
    for (int lost = 0, again = 0;; again = 1) {
        if (CAPR_UNLIKELY(CAPR_SEE(m->owner) & CAPR_MUTEX_FOREIGN)) {
            /* Its holder cannot make us ready: look again within a millisecond. */
            unsigned round = UINT_MAX;
            if (capr__poll_wait(&round, deadline, 0)) return ETIMEDOUT;
        } else {
            if (CAPR_UNLIKELY(capr__many)) {
                uint64_t word = CAPR_SEE(m->owner);
                if (!(word & CAPR_MUTEX_OWNER) || !swap_owner(m, word, word | CAPR_MUTEX_WAITERS)) goto look;
            }
            if (again)
                capr__queue_push_front(&m->waiters, self);
            else
                capr__queue_push(&m->waiters, self);
            add_bits(m, CAPR_MUTEX_WAITERS);
            self->wait_data = m;
            if (CAPR_UNLIKELY(capr__worker.policy)) capr__policy_need(owner_of(m));
            if (capr__park_lock(deadline)) return ETIMEDOUT;
            if (CAPR_LIKELY(capr__granted(self))) {
                if (owner_of(m) == self) { /* handed over */
                    self->needed = m->waiters.head != NULL;
                    return 0;
                }
                m->waker = 0;
                lost = 1;
            } else if (self->wait_data && capr__cancel_async_due(self)) { /* nobody woke it: a signal handler ran, or this */
                capr__cancel_self();
            }
        }
    look:
        if (CAPR_UNLIKELY(m->kind & CAPR_MUTEX_LOST)) return ENOTRECOVERABLE;
        if (!owner_of(m)) {
            int error = take(m, self);
            if (error != EBUSY) {
                m->starved = 0;
                return error;
            }
        }
        m->starved = (uint16_t)(m->starved + lost);
        lost = 0;
    }
}

/* Rounds that a lock of another worker's is looked at before the thread waits: as long as a short critical section takes. */
#define SPINS 50

/* With several workers: takes it if it is free and an ordinary one, or becomes so. */
static inline int take_at_once(struct capr_mutex *m, struct capr_thread *self, int spins) {
    for (int i = 0; i <= spins; i++) {
        uint64_t word = CAPR_SEE(m->owner);
        if (word == 0 && swap_owner(m, 0, held_by(self))) return 1;
        if ((word & CAPR_MUTEX_WAITERS) || (word && word < 4096) || (word & CAPR_MUTEX_OWNER) == (uint64_t)self) return 0;
        __builtin_ia32_pause();
    }
    return 0;
}

static SLOW_PATH int lock_slow(struct capr_mutex *m, uint64_t deadline) {
    struct capr_thread *self = capr__self();
    if (CAPR_UNLIKELY(capr__many) && self && take_at_once(m, self, SPINS)) return 0;
    CAPR_MONITOR;
    capr__turn_look();
    enum state state = look_at(m);
    if (CAPR_UNLIKELY(state != PRIVATE)) return state == SHARED ? capr__shared_mutex_lock(posix(m), deadline) : EINVAL;
    if (CAPR_UNLIKELY(!self)) return capr__foreign_lock(m, deadline);
    if (CAPR_UNLIKELY(m->kind & CAPR_MUTEX_LOST)) return ENOTRECOVERABLE;
    if (!owner_of(m)) {
        int error = take(m, self);
        if (error != EBUSY) return error;
    }
    if (owner_of(m) == self) {
        int error = relock(m);
        if (error != EBUSY) return error;
    }
    return wait_for(m, self, deadline);
}

static SLOW_PATH int unlock_slow(struct capr_mutex *m) {
    struct capr_thread *self = capr__self();
    CAPR_MONITOR;
    enum state state = look_at(m);
    if (CAPR_UNLIKELY(state != PRIVATE)) return state == SHARED ? capr__shared_mutex_unlock(posix(m)) : EINVAL;
    if (CAPR_UNLIKELY(!self)) return capr__foreign_unlock(m);
    if (owner_of(m) != self) {
        /* A normal mutex may be unlocked by anybody, as with native threads: programs use them as signals. */
        int type = m->kind & CAPR_MUTEX_TYPE;
        if (type == PTHREAD_MUTEX_RECURSIVE || type == PTHREAD_MUTEX_ERRORCHECK || (m->kind & CAPR_MUTEX_ROBUST)) return EPERM;
    }
    if (m->count) {
        if (--m->count == 0 && !(m->kind & CAPR_MUTEX_ROBUST) && !capr__many) m->owner &= ~CAPR_MUTEX_SLOW;
        return 0;
    }
    if (CAPR_UNLIKELY(m->kind & CAPR_MUTEX_ROBUST)) {
        capr__robust_remove(self, m);
        if (m->kind & CAPR_MUTEX_ORPHANED) { /* not made consistent: nobody may have it any more */
            m->kind = (m->kind & ~CAPR_MUTEX_ORPHANED) | CAPR_MUTEX_LOST;
            set_owner(m, CAPR_MUTEX_SLOW);
            for (struct capr_thread *t; (t = capr__queue_pop(&m->waiters));) {
                t->wait_data = NULL;
                capr__ready(t);
            }
            return 0;
        }
    }
    if (CAPR_UNLIKELY(capr__worker.in_signal && m->waiters.head)) {
        set_owner(m, (CAPR_SEE(m->owner) & ~CAPR_MUTEX_OWNER) | CAPR_MUTEX_WAITERS);
        capr__defer(CAPR_DEFER_UNLOCK, m);
        return 0;
    }
    capr__mutex_pass(m);
    return 0;
}

/* With several workers, the common case without what the slow path needs. The owner word is not looked at first: a load of what a locked
 * instruction has just written waits for it, which made a lock with its unlock a third slower. */
static SLOW_PATH int lock_many(struct capr_mutex *m, uint64_t deadline) {
    struct capr_thread *self = capr__self();
    if (CAPR_LIKELY(self && swap_owner(m, 0, (uint64_t)self | CAPR_MUTEX_SLOW))) return 0;
    return lock_slow(m, deadline);
}

static SLOW_PATH int unlock_many(struct capr_mutex *m) {
    struct capr_thread *self = capr__self();
    uint64_t held = (uint64_t)self | CAPR_MUTEX_SLOW;
    if (CAPR_LIKELY(self && !m->count && !(m->kind & CAPR_MUTEX_ROBUST) && swap_owner(m, held, 0))) return 0;
    return unlock_slow(m);
}

inline int capr__mutex_lock(struct capr_mutex *m, uint64_t deadline) {
    struct capr_thread *self = capr__self();
    if (CAPR_LIKELY(capr__worker.fast)) {
        if (CAPR_LIKELY(CAPR_SEE(m->owner) == 0)) {
            m->owner = (uint64_t)self;
            return 0;
        }
    } else if (capr__many) {
        return lock_many(m, deadline);
    }
    return lock_slow(m, deadline);
}

inline int capr__mutex_unlock(struct capr_mutex *m) {
    struct capr_thread *self = capr__self();
    if (CAPR_LIKELY(capr__worker.fast)) {
        if (CAPR_LIKELY(CAPR_SEE(m->owner) == (uint64_t)self)) {
            m->owner = 0;
            return 0;
        }
    } else if (capr__many) {
        return unlock_many(m);
    }
    return unlock_slow(m);
}

int capr__mutex_release(struct capr_mutex *m, uint32_t *count) {
    *count = 0;
    if (CAPR_UNLIKELY(m->count)) {
        if (capr__mutex_shared(CAPR_SEE(m->owner))) return capr__shared_mutex_release(posix(m), count);
        if (owner_of(m) != capr__self()) return EPERM;
        *count = m->count;
        m->count = 0;
        if (!(m->kind & CAPR_MUTEX_SPECIAL) && !capr__many) m->owner &= ~CAPR_MUTEX_SLOW;
    }
    return capr__mutex_unlock(m);
}

int capr__mutex_reacquire(struct capr_mutex *m, uint32_t count) {
    int error = capr__mutex_lock(m, CAPR_FOREVER);
    if (CAPR_UNLIKELY(count)) {
        if (capr__mutex_shared(CAPR_SEE(m->owner))) {
            capr__shared_mutex_recount(posix(m), count);
        } else {
            m->count = count;
            add_bits(m, CAPR_MUTEX_SLOW);
        }
    }
    return error;
}

/* POSIX pthread_mutex_lock. Returns 0; EDEADLK (error-checking mutex held by the caller, or a signal handler that would have to
 * wait); EAGAIN (recursive mutex held 2^32 times); EOWNERDEAD, ENOTRECOVERABLE (robust); EINVAL (destroyed). Blocks. */
CAPR_INTERPOSE ONE_LINE int pthread_mutex_lock(pthread_mutex_t *m) { return capr__mutex_lock(capr__mutex(m), CAPR_FOREVER); }

/* POSIX pthread_mutex_unlock. Returns 0, or EPERM when a recursive, error-checking or robust mutex is not the caller's. */
CAPR_INTERPOSE ONE_LINE int pthread_mutex_unlock(pthread_mutex_t *m) { return capr__mutex_unlock(capr__mutex(m)); }

static SLOW_PATH int trylock_slow(struct capr_mutex *m) {
    struct capr_thread *self = capr__self();
    if (CAPR_UNLIKELY(capr__many) && self && take_at_once(m, self, 0)) return 0;
    CAPR_MONITOR;
    capr__turn_look();
    enum state state = look_at(m);
    if (CAPR_UNLIKELY(state != PRIVATE)) {
        int error = state == SHARED ? capr__shared_mutex_lock(posix(m), 0) : EINVAL;
        return error == ETIMEDOUT || error == EDEADLK ? EBUSY : error;
    }
    if (CAPR_UNLIKELY(!self)) {
        int error = capr__foreign_lock(m, 0);
        return error == ETIMEDOUT || error == EDEADLK ? EBUSY : error;
    }
    if (CAPR_UNLIKELY(m->kind & CAPR_MUTEX_LOST)) return ENOTRECOVERABLE;
    if (!owner_of(m)) return take(m, self);
    if (owner_of(m) == self && (m->kind & CAPR_MUTEX_TYPE) == PTHREAD_MUTEX_RECURSIVE) return relock(m);
    return EBUSY;
}

/* POSIX pthread_mutex_trylock. Returns 0, or EBUSY; else as pthread_mutex_lock. Never blocks. */
CAPR_INTERPOSE ONE_LINE int pthread_mutex_trylock(pthread_mutex_t *mutex) {
    struct capr_mutex *m = capr__mutex(mutex);
    struct capr_thread *self = capr__self();
    if (CAPR_LIKELY(CAPR_SEE(m->owner) == 0 && capr__worker.fast)) {
        m->owner = (uint64_t)self;
        return 0;
    }
    return trylock_slow(m);
}

/* glibc and POSIX 2024. Returns ETIMEDOUT at `abstime` of `clock` (CLOCK_REALTIME or CLOCK_MONOTONIC; EINVAL else), which is
 * looked at only if the mutex is taken; else as pthread_mutex_lock. Blocks. */
CAPR_INTERPOSE int pthread_mutex_clocklock(pthread_mutex_t *mutex, clockid_t clock, const struct timespec *abstime) {
    int error = pthread_mutex_trylock(mutex);
    if (error != EBUSY) return error;
    uint64_t deadline;
    error = capr__sync_deadline(clock, abstime, &deadline);
    return error ? error : lock_slow(capr__mutex(mutex), deadline);
}

/* POSIX pthread_mutex_timedlock: the same by CLOCK_REALTIME. */
CAPR_INTERPOSE int pthread_mutex_timedlock(pthread_mutex_t *mutex, const struct timespec *abstime) {
    return pthread_mutex_clocklock(mutex, CLOCK_REALTIME, abstime);
}

/* POSIX pthread_mutex_init. `attr` NULL: a normal mutex. Returns 0; ENOTSUP for what glibc has not for process-shared ones. Never
 * blocks. */
CAPR_INTERPOSE int pthread_mutex_init(pthread_mutex_t *mutex, const pthread_mutexattr_t *attr) {
    struct capr_mutex *m = capr__mutex(mutex);
    int value;
    if (attr && pthread_mutexattr_getpshared(attr, &value) == 0 && value == PTHREAD_PROCESS_SHARED) return capr__shared_mutex_init(mutex, attr);
    *m = (struct capr_mutex){ .owner = 0 };
    if (!attr) return 0;
    if (pthread_mutexattr_gettype(attr, &value) == 0) m->kind = value & CAPR_MUTEX_TYPE;
    if (pthread_mutexattr_getrobust(attr, &value) == 0 && value == PTHREAD_MUTEX_ROBUST) m->kind |= CAPR_MUTEX_ROBUST;
    if (pthread_mutexattr_getprotocol(attr, &value) == 0) m->kind |= value << CAPR_MUTEX_PROTOCOL;
    if (pthread_mutexattr_getprioceiling(attr, &value) == 0) m->kind |= (value & 0xff) << CAPR_MUTEX_CEILING;
    if (m->kind & CAPR_MUTEX_ROBUST) m->owner = CAPR_MUTEX_SLOW;
    return 0;
}

/* POSIX pthread_mutex_destroy. Returns 0, EBUSY while it is held or waited for, EINVAL the second time. */
CAPR_INTERPOSE int pthread_mutex_destroy(pthread_mutex_t *mutex) {
    CAPR_MONITOR;
    struct capr_mutex *m = capr__mutex(mutex);
    enum state state = look_at(m);
    if (state != PRIVATE) return state == SHARED ? capr__shared_mutex_destroy(mutex) : EINVAL;
    if ((m->owner & CAPR_MUTEX_OWNER) || m->waiters.head) return EBUSY;
    m->owner = CAPR_MUTEX_DESTROYED;
    return 0;
}

/* POSIX pthread_mutex_consistent. Returns 0; EINVAL unless the mutex is robust and its last owner ended holding it. */
CAPR_INTERPOSE int pthread_mutex_consistent(pthread_mutex_t *mutex) {
    CAPR_MONITOR;
    struct capr_mutex *m = capr__mutex(mutex);
    enum state state = look_at(m);
    if (state == SHARED) return capr__shared_mutex_consistent(mutex);
    if (state == DESTROYED || !(m->kind & CAPR_MUTEX_ROBUST) || !(m->kind & CAPR_MUTEX_ORPHANED)) return EINVAL;
    m->kind &= ~CAPR_MUTEX_ORPHANED;
    return 0;
}

static int has_ceiling(struct capr_mutex *m) {
    return look_at(m) == PRIVATE && ((m->kind >> CAPR_MUTEX_PROTOCOL) & 3) == PTHREAD_PRIO_PROTECT;
}

/* POSIX pthread_mutex_getprioceiling. Returns 0; EINVAL unless its protocol is PTHREAD_PRIO_PROTECT. */
CAPR_INTERPOSE int pthread_mutex_getprioceiling(const pthread_mutex_t *mutex, int *ceiling) {
    CAPR_MONITOR;
    struct capr_mutex *m = (struct capr_mutex *)mutex;
    if (look_at(m) == SHARED) return capr__libcs()->mutex_getprioceiling(mutex, ceiling);
    if (!has_ceiling(m)) return EINVAL;
    *ceiling = (m->kind >> CAPR_MUTEX_CEILING) & 0xff;
    return 0;
}

/* POSIX pthread_mutex_setprioceiling: locks, changes, unlocks. Returns 0; EINVAL as above or outside SCHED_FIFO's priorities;
 * else as pthread_mutex_lock. The ceiling is kept but has no effect: user-level threads have no priorities. Blocks. */
CAPR_INTERPOSE int pthread_mutex_setprioceiling(pthread_mutex_t *mutex, int ceiling, int *old) {
    CAPR_MONITOR;
    struct capr_mutex *m = capr__mutex(mutex);
    if (look_at(m) == SHARED) return capr__shared_mutex_set_ceiling(mutex, ceiling, old);
    if (!has_ceiling(m) || ceiling < sched_get_priority_min(SCHED_FIFO) || ceiling > sched_get_priority_max(SCHED_FIFO)) return EINVAL;
    int mine = m->owner != 0 && owner_of(m) == capr__self();
    int error = mine ? 0 : capr__mutex_lock(m, CAPR_FOREVER);
    if (error) return error;
    *old = (m->kind >> CAPR_MUTEX_CEILING) & 0xff;
    m->kind = (m->kind & ~(0xff << CAPR_MUTEX_CEILING)) | ceiling << CAPR_MUTEX_CEILING;
    return mine ? 0 : capr__mutex_unlock(m);
}

/* Names that libraries built for older glibc versions bind to. */
CAPR_INTERPOSE int __pthread_mutex_lock(pthread_mutex_t *m) { return capr__mutex_lock(capr__mutex(m), CAPR_FOREVER); }
CAPR_INTERPOSE int __pthread_mutex_unlock(pthread_mutex_t *m) { return capr__mutex_unlock(capr__mutex(m)); }
CAPR_INTERPOSE int __pthread_mutex_trylock(pthread_mutex_t *m) { return pthread_mutex_trylock(m); }
CAPR_INTERPOSE int __pthread_mutex_init(pthread_mutex_t *m, const pthread_mutexattr_t *a) { return pthread_mutex_init(m, a); }
CAPR_INTERPOSE int __pthread_mutex_destroy(pthread_mutex_t *m) { return pthread_mutex_destroy(m); }
