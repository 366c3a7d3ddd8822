/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * pthread_spin_*. With one worker a lock that is held is held by a thread that is not running: spinning would never end, so that
 * a waiter gives way instead. The word holds the holder's number, which finds a thread that locks twice. Process-shared
 * locks, whose other holders really run, are glibc's, by its own functions, and hold no number: x86's are 1 when free, 0 when held,
 * below by as much as others spin, and ours are above.
 */
#include <errno.h>
#include <limits.h>
#include <pthread.h>

#include "../sched/monitor.h"
#include "../thread/cancel.h"
#include "libcs.h"
#include "wait.h"

#define FREE 2 /* above are the numbers of holders */
#define DESTROYED INT_MIN /* no more than 2^22 kernel threads spin */
#define LIBCS_FREE 1      /* and what is below, but DESTROYED */

/* Kernel threads that are no workers share a number: one that locks twice is not found out. */
#define FOREIGN_ID INT_MAX

static int id_of(const struct capr_thread *t) { return t ? (int)(t->id % 0x40000000) + FREE + 1 : FOREIGN_ID; }
static int is_libcs(int word) { return word <= LIBCS_FREE && word != DESTROYED; }

/* Rounds before a waiter gives way, where there are several workers. */
#define SPINS 100

/* Takes the lock if it is free. With one worker nobody comes between. */
static inline int take(volatile int *l, const struct capr_thread *self) {
    int free = FREE;
    if (CAPR_UNLIKELY(capr__many)) return __atomic_compare_exchange_n(l, &free, id_of(self), 0, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
    if (*l != FREE) return 0;
    *l = id_of(self);
    return 1;
}

static __attribute__((noinline)) int lock_slow(volatile int *l) {
    struct capr_thread *self = capr__self();
    if (is_libcs(CAPR_SEE(*l))) {
        CAPR_MONITOR;
        for (unsigned round = 0; capr__libcs()->spin_trylock((pthread_spinlock_t *)l) != 0;) capr__poll_wait(&round, CAPR_FOREVER, 0);
        return 0;
    }
    if (CAPR_SEE(*l) == DESTROYED) return EINVAL;
    if (self && CAPR_SEE(*l) == id_of(self)) return EDEADLK;
    for (unsigned round = 0; !take(l, self); round++) {
        if (self && capr__worker.in_signal)
            return EDEADLK; /* its holder cannot run before this handler ends */
        if (capr__many && round < SPINS) {
            __builtin_ia32_pause(); /* its holder runs on another worker, perhaps */
        } else if (self && round < SPINS + 64) {
            capr__yield();
        } else {
            unsigned pause = 1;
            CAPR_MONITOR;
            capr__poll_wait(&pause, CAPR_FOREVER, 0); /* held by a thread that waits for something slow */
        }
    }
    return 0;
}

static __attribute__((noinline)) int try_slow(volatile int *l) {
    if (is_libcs(CAPR_SEE(*l))) return capr__libcs()->spin_trylock((pthread_spinlock_t *)l);
    return CAPR_SEE(*l) == DESTROYED ? EINVAL : EBUSY;
}

static __attribute__((noinline)) int unlock_slow(volatile int *l) {
    if (CAPR_SEE(*l) == FREE || CAPR_SEE(*l) == LIBCS_FREE) return EPERM;
    return CAPR_SEE(*l) == DESTROYED ? EINVAL : capr__libcs()->spin_unlock((pthread_spinlock_t *)l);
}

/* POSIX pthread_spin_lock. Returns 0; EDEADLK when the caller holds it, or where a signal handler would have to wait; EINVAL
 * once it was destroyed, as all below. Blocks. */
CAPR_INTERPOSE int pthread_spin_lock(pthread_spinlock_t *l) {
    struct capr_thread *self = capr__self();
    if (CAPR_LIKELY(self && take(l, self))) return 0;
    return lock_slow(l);
}

/* POSIX pthread_spin_trylock. Returns 0 or EBUSY. Never blocks. */
CAPR_INTERPOSE int pthread_spin_trylock(pthread_spinlock_t *l) {
    return CAPR_LIKELY(take(l, capr__self())) ? 0 : try_slow(l);
}

/* POSIX pthread_spin_unlock. Returns 0, or EPERM when it is free. */
CAPR_INTERPOSE int pthread_spin_unlock(pthread_spinlock_t *l) {
    int held = CAPR_SEE(*l);
    if (CAPR_LIKELY(held > FREE)) { /* a number of ours */
        __atomic_store_n(l, FREE, __ATOMIC_RELEASE);
        return 0;
    }
    return unlock_slow(l);
}

/* POSIX pthread_spin_init. Returns 0, or EINVAL for another value of `shared` than PTHREAD_PROCESS_*. */
CAPR_INTERPOSE int pthread_spin_init(pthread_spinlock_t *l, int shared) {
    if (shared != PTHREAD_PROCESS_PRIVATE && shared != PTHREAD_PROCESS_SHARED) return EINVAL;
    if (shared == PTHREAD_PROCESS_SHARED) return capr__libcs()->spin_init(l, shared);
    *l = FREE;
    return 0;
}

/* POSIX pthread_spin_destroy. Returns 0, EBUSY while it is held, EINVAL the second time. */
CAPR_INTERPOSE int pthread_spin_destroy(pthread_spinlock_t *l) {
    if (*l != FREE && *l != LIBCS_FREE) return CAPR_SEE(*l) == DESTROYED ? EINVAL : EBUSY;
    *l = DESTROYED;
    return 0;
}
