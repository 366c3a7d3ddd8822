/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * glibc's own functions on process-shared objects. Whoever else maps such an object may run native threads, so that its memory is
 * glibc's and is changed by glibc's functions alone; ours try without waiting, and let the user-level thread wait between two
 * tries. How an object is known to be one of these is decided from its memory, since another process may have made it: glibc
 * keeps a flag in each, and our own layouts of private objects are arranged around that flag (mutex.h, cond.h, rwlock.c, barrier.c,
 * spin.c), so that the test costs the private ones nothing.
 */
#ifndef CAPR_SYNC_LIBCS_H
#define CAPR_SYNC_LIBCS_H

#include <pthread.h>
#include <time.h>

#include "../layout.h"

/* glibc's, by their POSIX names without "pthread_". */
struct capr_libcs {
    int (*mutex_init)(pthread_mutex_t *, const pthread_mutexattr_t *);
    int (*mutex_destroy)(pthread_mutex_t *);
    int (*mutex_lock)(pthread_mutex_t *);
    int (*mutex_trylock)(pthread_mutex_t *);
    int (*mutex_clocklock)(pthread_mutex_t *, clockid_t, const struct timespec *);
    int (*mutex_unlock)(pthread_mutex_t *);
    int (*mutex_consistent)(pthread_mutex_t *);
    int (*mutex_getprioceiling)(const pthread_mutex_t *, int *);
    int (*mutex_setprioceiling)(pthread_mutex_t *, int, int *);
    int (*cond_init)(pthread_cond_t *, const pthread_condattr_t *);
    int (*cond_destroy)(pthread_cond_t *);
    int (*cond_wait)(pthread_cond_t *, pthread_mutex_t *);
    int (*cond_clockwait)(pthread_cond_t *, pthread_mutex_t *, clockid_t, const struct timespec *);
    int (*cond_signal)(pthread_cond_t *);
    int (*cond_broadcast)(pthread_cond_t *);
    int (*rwlock_init)(pthread_rwlock_t *, const pthread_rwlockattr_t *);
    int (*rwlock_destroy)(pthread_rwlock_t *);
    int (*rwlock_tryrdlock)(pthread_rwlock_t *);
    int (*rwlock_trywrlock)(pthread_rwlock_t *);
    int (*rwlock_clockrdlock)(pthread_rwlock_t *, clockid_t, const struct timespec *);
    int (*rwlock_clockwrlock)(pthread_rwlock_t *, clockid_t, const struct timespec *);
    int (*rwlock_unlock)(pthread_rwlock_t *);
    int (*barrier_init)(pthread_barrier_t *, const pthread_barrierattr_t *, unsigned);
    int (*barrier_destroy)(pthread_barrier_t *);
    int (*barrier_wait)(pthread_barrier_t *);
    int (*spin_init)(pthread_spinlock_t *, int);
    int (*spin_trylock)(pthread_spinlock_t *);
    int (*spin_unlock)(pthread_spinlock_t *);
};

/* Finds them all, once; ends the program in a line where the C library at hand lays the objects out in another way than the one that
 * this runtime was built for. Not for signal handlers that interrupt the first call. Never blocks. */
CAPR_HIDDEN const struct capr_libcs *capr__libcs_find(void);

extern CAPR_HIDDEN const struct capr_libcs *capr__libcs_found;
static inline const struct capr_libcs *capr__libcs(void) {
    return __builtin_expect(capr__libcs_found != NULL, 1) ? capr__libcs_found : capr__libcs_find();
}

/* A deadline of ours (ns of CLOCK_MONOTONIC, CAPR_FOREVER: 584 years) as glibc takes it. */
static inline struct timespec capr__libcs_time(uint64_t deadline) {
    return (struct timespec){ (time_t)(deadline / 1000000000), (long)(deadline % 1000000000) };
}

/* What glibc numbers its objects with, beside what <pthread.h> says. */
#define CAPR_LIBCS_SHARED 128             /* __kind of a mutex, `shared` of a barrier */
#define CAPR_LIBCS_ROBUST 16              /* __kind */
#define CAPR_LIBCS_PRIO_INHERIT 32        /* __kind */
#define CAPR_LIBCS_PRIO_PROTECT 64        /* __kind */
#define CAPR_LIBCS_NOTRECOVERABLE 0x7ffffffe /* __owner of a robust mutex that nobody may have any more */

#endif
