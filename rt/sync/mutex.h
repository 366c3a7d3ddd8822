/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A pthread_mutex_t as this runtime lays it out, and what condition variables ask of it. The layout keeps glibc's static
 * initialisers valid: all zero is a free normal mutex, and the type lies at offset 16.
 *
 * The whole fast path is the owner word. Free is 0 and held is the owner's address, so locking is "0? then self" and unlocking
 * "self? then 0", whatever the type. Everything else sets a low bit of the word, which makes both comparisons fail and sends
 * the caller to the slow path. A later version with several workers replaces the two stores by compare-and-swap.
 */
#ifndef CAPR_SYNC_MUTEX_H
#define CAPR_SYNC_MUTEX_H

#include <pthread.h>

#include "../sched/sched.h"

/* Bits of capr_mutex.owner; thread records are 16-aligned. */
#define CAPR_MUTEX_WAITERS 1ul /* somebody may be in the queue (never missing when somebody is; may be stale) */
#define CAPR_MUTEX_SLOW 2ul    /* the slow path must look: held more than once, robust, shared, destroyed */
#define CAPR_MUTEX_FOREIGN 8ul /* held by a kernel thread that is no worker: the address is its thread control block's */
#define CAPR_MUTEX_OWNER (~15ul)

/* Bits of capr_mutex.kind. */
#define CAPR_MUTEX_TYPE 3           /* glibc's numbers: PTHREAD_MUTEX_NORMAL, _RECURSIVE, _ERRORCHECK, _ADAPTIVE_NP */
#define CAPR_MUTEX_ROBUST 0x10
#define CAPR_MUTEX_SHARED 0x20      /* PTHREAD_PROCESS_SHARED */
#define CAPR_MUTEX_PROTOCOL 6       /* shift of two bits: PTHREAD_PRIO_* */
#define CAPR_MUTEX_ORPHANED 0x100   /* robust: the owner ended; EOWNERDEAD until pthread_mutex_consistent */
#define CAPR_MUTEX_LOST 0x200       /* robust: unlocked while orphaned; ENOTRECOVERABLE for ever */
#define CAPR_MUTEX_CEILING 16       /* shift of eight bits: the priority ceiling */
#define CAPR_MUTEX_DESTROYED (-1)   /* as a whole */
/* Any of these: not one of the plain mutexes that a static initialiser can make. */
#define CAPR_MUTEX_SPECIAL (CAPR_MUTEX_ROBUST | CAPR_MUTEX_SHARED | CAPR_MUTEX_ORPHANED | CAPR_MUTEX_LOST)

struct capr_mutex {
    uint64_t owner;            /* the holder's address and bits, see above */
    uint32_t count;            /* times that a recursive mutex was locked beyond the first */
    uint32_t pad;
    int32_t kind;              /* offset 16 is glibc's __kind */
    uint16_t starved;          /* times in a row that a woken waiter found it taken again */
    uint16_t waker;            /* capr__sync_epoch while a woken waiter has not run yet, else another number */
    struct capr_queue waiters; /* FIFO, but a waiter that lost goes back to the front */
};

static_assert(sizeof(struct capr_mutex) <= sizeof(pthread_mutex_t), "pthread_mutex_t");
static_assert(offsetof(struct capr_mutex, kind) == offsetof(struct __pthread_mutex_s, __kind), "static initialisers");

static inline struct capr_mutex *capr__mutex(pthread_mutex_t *m) { return (struct capr_mutex *)m; }

/* The number of forks that led to this process, plus one, never 0: marks made by threads that fork left behind are void. */
extern CAPR_HIDDEN uint16_t capr__sync_epoch;

/* Locks; 0 or an error of pthread_mutex_clocklock. `deadline` in ns of CLOCK_MONOTONIC or CAPR_FOREVER. Blocks. */
CAPR_HIDDEN int capr__mutex_lock(struct capr_mutex *m, uint64_t deadline);
CAPR_HIDDEN int capr__mutex_unlock(struct capr_mutex *m);

/* For condition variables: 0 or EPERM; on 0 the mutex is free, however often it was locked, and *count says how often. */
CAPR_HIDDEN int capr__mutex_release(struct capr_mutex *m, uint32_t *count);
/* Takes it back; an error of capr__mutex_lock (EOWNERDEAD holds the mutex). Blocks. */
CAPR_HIDDEN int capr__mutex_reacquire(struct capr_mutex *m, uint32_t count);

/* mutex_special.c: robust mutexes, kernel threads that are no workers, process-shared mutexes. */
CAPR_HIDDEN int capr__robust_add(struct capr_thread *self, struct capr_mutex *m);
CAPR_HIDDEN void capr__robust_remove(struct capr_thread *self, struct capr_mutex *m);
/* Orphans every robust mutex that `self` holds. Called when it ends. */
CAPR_HIDDEN void capr__robust_end(struct capr_thread *self);
CAPR_HIDDEN int capr__foreign_lock(struct capr_mutex *m, uint64_t deadline);
CAPR_HIDDEN int capr__foreign_unlock(struct capr_mutex *m);
/* `deadline` 0: only try. */
CAPR_HIDDEN int capr__shared_mutex_lock(struct capr_mutex *m, uint64_t deadline);
CAPR_HIDDEN int capr__shared_mutex_unlock(struct capr_mutex *m);

/* mutex.c, for robust_end: passes a mutex that was just given up to its waiters. */
CAPR_HIDDEN void capr__mutex_pass(struct capr_mutex *m);

#endif
