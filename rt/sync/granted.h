/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * What a thread was given while it waited: a semaphore's unit, a lock, a mutex or the turn to try for it, units of a resource. Until it
 * goes on from its wait that is noted in the thread, so that a handler which runs first, and may jump away from the wait, finds it given
 * back: the wait looks again after it.
 */
#ifndef CAPR_SYNC_GRANTED_H
#define CAPR_SYNC_GRANTED_H

#include "../sched/sched.h"

/* In the low bits of wait_data, while `granted` is set: what the rest of it is the address of. */
enum { CAPR_GRANTED_UNIT = 1, CAPR_GRANTED_READING, CAPR_GRANTED_WRITING, CAPR_GRANTED_DEMAND, CAPR_GRANTED_MUTEX, CAPR_GRANTED_KINDS = 7 };

/* `t`, which is in no queue any more, is to go on with what it waited for. */
static inline void capr__grant(struct capr_thread *t, void *object, unsigned kind) {
    t->wait_data = (void *)((uint64_t)object | kind);
    t->granted = 1;
    capr__ready(t);
}

/* After the wait: whether it was given what it waited for; it keeps it then. */
static inline int capr__granted(struct capr_thread *self) {
    if (__builtin_expect(!self->granted, 0)) return 0;
    self->granted = 0;
    self->wait_data = NULL;
    return 1;
}

/* Gives back what `t` was given; its wait, should it go on, is as if it had been woken for nothing. granted.c (plain). */
CAPR_HIDDEN void capr__grant_back(struct capr_thread *t);

/* sem.c, mutex.c, rwlock.c, where they are part of the program; sched/declared.c. */
struct capr_sem;
struct capr_mutex;
struct capr_rwlock;
struct capr_demand;
CAPR_HIDDEN __attribute__((weak)) void capr__sem_back(struct capr_sem *s);
CAPR_HIDDEN __attribute__((weak)) void capr__mutex_back(struct capr_mutex *m, const struct capr_thread *t);
CAPR_HIDDEN __attribute__((weak)) void capr__rwlock_back(struct capr_rwlock *l, struct capr_thread *t, int writing);
CAPR_HIDDEN void capr__demand_back(const struct capr_demand *d);

#endif
