/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A private pthread_mutex_t as this runtime lays it out, how one is told from a process-shared one, which is glibc's (libcs.h), and
 * what condition variables ask of both.
 *
 * The whole fast path is the owner word. Free is 0 and held is the owner's address, so locking is "0? then self" and unlocking
 * "self? then 0", whatever the type. Everything else sets a low bit of the word, which makes both comparisons fail and sends
 * the caller to the slow path, as does SLOW where there are several workers, which compare and swap.
 *
 * The word lies where glibc keeps the mutex's kind, which is not 0 in a process-shared mutex, so that the same comparison sends that
 * one to the slow path too, where it is told by the numbers that a kind may be. glibc's static initialisers stay valid: all zero is
 * a free normal mutex, and the first use of another type finds its number in the word and moves it to `kind`.
 */
#ifndef CAPR_SYNC_MUTEX_H
#define CAPR_SYNC_MUTEX_H

#include <pthread.h>

#include "../sched/sched.h"

/* Bits of capr_mutex.owner; thread records are 16-aligned. Alone, 1 to 3 are a static initialiser's type. */
#define CAPR_MUTEX_FOREIGN 1ul /* held by a kernel thread that is no worker: the address is its thread control block's */
#define CAPR_MUTEX_WAITERS 4ul /* somebody may be in the queue (never missing when somebody is; may be stale) */
#define CAPR_MUTEX_SLOW 8ul    /* the slow path must look: held more than once, robust */
#define CAPR_MUTEX_OWNER (~15ul)
#define CAPR_MUTEX_DESTROYED 0xffffffffu /* the low half; glibc's is the same */

/* Bits of capr_mutex.kind. */
#define CAPR_MUTEX_TYPE 3           /* glibc's numbers: PTHREAD_MUTEX_NORMAL, _RECURSIVE, _ERRORCHECK, _ADAPTIVE_NP */
#define CAPR_MUTEX_ROBUST 0x10
#define CAPR_MUTEX_PROTOCOL 6       /* shift of two bits: PTHREAD_PRIO_* */
#define CAPR_MUTEX_ORPHANED 0x100   /* robust: the owner ended; EOWNERDEAD until pthread_mutex_consistent */
#define CAPR_MUTEX_LOST 0x200       /* robust: unlocked while orphaned; ENOTRECOVERABLE for ever */
#define CAPR_MUTEX_CEILING 16       /* shift of eight bits: the priority ceiling */
/* Any of these: not one of the plain mutexes that a static initialiser can make. */
#define CAPR_MUTEX_SPECIAL (CAPR_MUTEX_ROBUST | CAPR_MUTEX_ORPHANED | CAPR_MUTEX_LOST)

struct capr_mutex {
    int32_t kind;
    uint32_t count;            /* times that a recursive mutex was locked beyond the first. In a process-shared mutex glibc's __count,
                                  which is 0 unless it is recursive or robust */
    uint16_t starved;          /* times in a row that a woken waiter found it taken again */
    uint16_t waker;            /* capr__sync_epoch while a woken waiter has not run yet, else another number */
    uint32_t pad;
    uint64_t owner;            /* offset 16 is glibc's __kind: the holder's address and bits, see above */
    struct capr_queue waiters; /* FIFO, but a waiter that lost goes back to the front */
};

static_assert(sizeof(struct capr_mutex) <= sizeof(pthread_mutex_t), "pthread_mutex_t");
static_assert(offsetof(struct capr_mutex, owner) == offsetof(struct __pthread_mutex_s, __kind), "static initialisers, the flag");
static_assert(offsetof(struct capr_mutex, count) == offsetof(struct __pthread_mutex_s, __count), "capr__mutex_release");

/* Whether an owner word is a process-shared mutex's: its low half is a kind (below 1024) with glibc's flag, its high half what glibc
 * learnt about spinning (at most 100, in its low half) or lock elision (in its upper half). No address looks like that: a
 * record would have to lie in the first KiB of one of the first 127 times 4 GiB, where Linux maps nothing unless it is asked
 * to (programs lie above or below, mappings grow down from far above), or above 2^47; and our other words are at most 15. */
static inline int capr__mutex_shared(uint64_t owner) {
    uint32_t high = (uint32_t)(owner >> 32);
    return (uint32_t)owner < 1024 && (owner & 128) && (high < 128 || high >= 0x8000);
}

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

/* mutex_special.c: robust mutexes, kernel threads that are no workers. */
CAPR_HIDDEN int capr__robust_add(struct capr_thread *self, struct capr_mutex *m);
CAPR_HIDDEN void capr__robust_remove(struct capr_thread *self, struct capr_mutex *m);
/* Orphans every robust mutex that `self` holds. Called when it ends. */
CAPR_HIDDEN void capr__robust_end(struct capr_thread *self);
CAPR_HIDDEN int capr__foreign_lock(struct capr_mutex *m, uint64_t deadline);
CAPR_HIDDEN int capr__foreign_unlock(struct capr_mutex *m);

/* mutex_shared.c: process-shared mutexes. The same returns as the POSIX functions; `deadline` 0: only try, ETIMEDOUT for EBUSY. */
CAPR_HIDDEN int capr__shared_mutex_lock(pthread_mutex_t *m, uint64_t deadline);
CAPR_HIDDEN int capr__shared_mutex_unlock(pthread_mutex_t *m);
CAPR_HIDDEN int capr__shared_mutex_init(pthread_mutex_t *m, const pthread_mutexattr_t *attr);
CAPR_HIDDEN int capr__shared_mutex_destroy(pthread_mutex_t *m);
CAPR_HIDDEN int capr__shared_mutex_consistent(pthread_mutex_t *m);
CAPR_HIDDEN int capr__shared_mutex_set_ceiling(pthread_mutex_t *m, int ceiling, int *old);
/* As capr__mutex_release and capr__mutex_reacquire. */
CAPR_HIDDEN int capr__shared_mutex_release(pthread_mutex_t *m, uint32_t *count);
CAPR_HIDDEN void capr__shared_mutex_recount(pthread_mutex_t *m, uint32_t count);
/* Gives up a robust one whose owner ends. */
CAPR_HIDDEN void capr__shared_mutex_orphan(void *m);

/* mutex.c, for robust_end: passes a mutex that was just given up to its waiters. */
CAPR_HIDDEN void capr__mutex_pass(struct capr_mutex *m);

#endif
