/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Mutexes off the beaten track. Robust ones: a list per thread of those that it holds, orphaned when it ends. Kernel threads
 * that are no workers (a library's own, by clone): compare-and-swap on the owner word and short sleeps; a user-level thread
 * that meets such an owner polls. All rare, so that they may cost; plain mutexes pay nothing for them.
 */
#include <stdlib.h>

#include "../thread/extra.h"
#include "held.h"
#include "mutex.h"
#include "wait.h"

/* --- robust ----------------------------------------------------------------------------------------------------------- */

/* Returns 0, or EAGAIN when out of memory. */
int capr__robust_add(struct capr_thread *self, struct capr_mutex *m) {
    struct capr_extra *x = capr__extra(self);
    if (!x) return EAGAIN;
    if (x->robust_count == x->robust_capacity) {
        uint32_t capacity = x->robust_capacity ? x->robust_capacity * 2 : 4;
        struct capr_mutex **list = realloc(x->robust, capacity * sizeof(*list));
        if (!list) return EAGAIN;
        x->robust = list;
        x->robust_capacity = capacity;
    }
    x->robust[x->robust_count++] = m;
    return 0;
}

void capr__robust_remove(struct capr_thread *self, struct capr_mutex *m) {
    struct capr_extra *x = self->extra;
    for (uint32_t i = x ? x->robust_count : 0; i-- > 0;) {
        if (x->robust[i] == m) {
            x->robust[i] = x->robust[--x->robust_count];
            return;
        }
    }
}

void capr__robust_end(struct capr_thread *self) {
    struct capr_extra *x = self->extra;
    while (x && x->robust_count) {
        struct capr_mutex *m = x->robust[--x->robust_count];
        m->count = 0;
        m->kind |= CAPR_MUTEX_ORPHANED;
        capr__mutex_pass(m);
    }
    if (x && x->held) capr__held_end(self, capr__shared_mutex_orphan);
}

/* --- kernel threads that are no workers --------------------------------------------------------------------------------- */

static uint64_t foreign_word(void) {
    uint64_t tcb;
    __asm__("movq %%fs:0x10, %0" : "=r"(tcb));
    return tcb | CAPR_MUTEX_FOREIGN;
}

int capr__foreign_lock(struct capr_mutex *m, uint64_t deadline) {
    uint64_t self = foreign_word();
    if (m->kind & CAPR_MUTEX_ROBUST) return ENOTSUP;
    if ((CAPR_SEE(m->owner) & (CAPR_MUTEX_OWNER | CAPR_MUTEX_FOREIGN)) == self) {
        if ((m->kind & CAPR_MUTEX_TYPE) == PTHREAD_MUTEX_RECURSIVE) {
            m->count++;
            return 0;
        }
        if ((m->kind & CAPR_MUTEX_TYPE) == PTHREAD_MUTEX_ERRORCHECK) return EDEADLK;
    }
    for (unsigned round = 0;;) {
        uint64_t word = CAPR_SEE(m->owner);
        if (!(word & CAPR_MUTEX_OWNER)) {
            if (__atomic_compare_exchange_n(&m->owner, &word, word | self, 0, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) return 0;
            continue;
        }
        if (deadline == 0 || capr__poll_wait(&round, deadline, 0)) return ETIMEDOUT;
    }
}

int capr__foreign_unlock(struct capr_mutex *m) {
    uint64_t word = CAPR_SEE(m->owner);
    if ((m->kind & CAPR_MUTEX_TYPE) != PTHREAD_MUTEX_NORMAL &&
        (word & (CAPR_MUTEX_OWNER | CAPR_MUTEX_FOREIGN)) != foreign_word())
        return EPERM;
    if (m->count) {
        m->count--;
        return 0;
    }
    while (!__atomic_compare_exchange_n(&m->owner, &word, word & CAPR_MUTEX_WAITERS, 0, __ATOMIC_RELEASE, __ATOMIC_RELAXED)) continue;
    return 0;
}
