/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * pthread_spin_*. On one worker a lock that is held is held by a thread that is not running: spinning would never end, so that
 * a waiter gives way instead. The word holds the holder's number, which finds a thread that locks twice; process-shared
 * locks, whose other holders really run, are taken by exchange and hold no number.
 */
#include <errno.h>
#include <pthread.h>

#include "../thread/cancel.h"
#include "wait.h"

#define FREE 0
#define SHARED_FREE ((int)0x80000000)
#define SHARED_HELD ((int)0x80000001)
#define DESTROYED ((int)0x80000002)

/* Kernel threads that are no workers share a number: one that locks twice is not found out. */
#define FOREIGN_ID 0x7fffffff

static int id_of(const struct capr_thread *t) { return t ? (int)(t->id % (FOREIGN_ID - 1)) + 1 : FOREIGN_ID; }

static __attribute__((noinline)) int lock_slow(volatile int *l)
{
    struct capr_thread *self = capr__self();
    if (*l == SHARED_FREE || *l == SHARED_HELD) {
        for (unsigned round = 0; __atomic_exchange_n(l, SHARED_HELD, __ATOMIC_ACQUIRE) != SHARED_FREE;)
            capr__poll_wait(&round, CAPR_FOREVER, 0);
        return 0;
    }
    if (*l == DESTROYED)
        return EINVAL;
    if (self && *l == id_of(self))
        return EDEADLK;
    for (unsigned round = 0; *l != FREE;) {
        if (self && capr__worker.in_signal)
            return EDEADLK; /* its holder cannot run before this handler ends */
        if (self && round < 64) {
            round++;
            capr__yield();
        } else {
            unsigned pause = 1;
            capr__poll_wait(&pause, CAPR_FOREVER, 0); /* held by a thread that waits for something slow */
        }
    }
    *l = id_of(self);
    return 0;
}

/* POSIX pthread_spin_lock. Returns 0; EDEADLK when the caller holds it, or where a signal handler would have to wait; EINVAL
 * once it was destroyed, as all below. Blocks. */
CAPR_INTERPOSE int pthread_spin_lock(pthread_spinlock_t *l)
{
    struct capr_thread *self = capr__self();
    if (CAPR_LIKELY(*l == FREE && self)) {
        *l = id_of(self);
        return 0;
    }
    return lock_slow(l);
}

/* POSIX pthread_spin_trylock. Returns 0 or EBUSY. Never blocks. */
CAPR_INTERPOSE int pthread_spin_trylock(pthread_spinlock_t *l)
{
    if (CAPR_UNLIKELY(*l == SHARED_FREE || *l == SHARED_HELD))
        return __atomic_exchange_n(l, SHARED_HELD, __ATOMIC_ACQUIRE) == SHARED_FREE ? 0 : EBUSY;
    if (*l != FREE)
        return *l == DESTROYED ? EINVAL : EBUSY;
    *l = id_of(capr__self());
    return 0;
}

/* POSIX pthread_spin_unlock. Returns 0, or EPERM when it is free. */
CAPR_INTERPOSE int pthread_spin_unlock(pthread_spinlock_t *l)
{
    int held = *l;
    if (CAPR_LIKELY(held > 0)) { /* a number of ours */
        *l = FREE;
        return 0;
    }
    if (held != SHARED_HELD)
        return held == DESTROYED ? EINVAL : EPERM;
    __atomic_store_n(l, SHARED_FREE, __ATOMIC_RELEASE);
    return 0;
}

/* POSIX pthread_spin_init. Returns 0, or EINVAL for another value of `shared` than PTHREAD_PROCESS_*. */
CAPR_INTERPOSE int pthread_spin_init(pthread_spinlock_t *l, int shared)
{
    if (shared != PTHREAD_PROCESS_PRIVATE && shared != PTHREAD_PROCESS_SHARED)
        return EINVAL;
    *l = shared == PTHREAD_PROCESS_SHARED ? SHARED_FREE : FREE;
    return 0;
}

/* POSIX pthread_spin_destroy. Returns 0, EBUSY while it is held, EINVAL the second time. */
CAPR_INTERPOSE int pthread_spin_destroy(pthread_spinlock_t *l)
{
    if (*l != FREE && *l != SHARED_FREE)
        return *l == DESTROYED ? EINVAL : EBUSY;
    *l = DESTROYED;
    return 0;
}
