/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Mutexes off the beaten track. Robust ones: a list per thread of those that it holds, orphaned when it ends. Kernel threads
 * that are no workers (a library's own, by clone): compare-and-swap on the owner word and short sleeps; a user-level thread
 * that meets such an owner polls. Process-shared ones: the owner word holds process and thread number, since addresses mean
 * nothing to others; taken by compare-and-swap, waited for by polling, at most 1 ms late. All rare, so that they may cost;
 * plain mutexes pay nothing for them.
 */
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "../thread/extra.h"
#include "mutex.h"
#include "wait.h"

/* --- robust ----------------------------------------------------------------------------------------------------------- */

/* Returns 0, or EAGAIN when out of memory. */
int capr__robust_add(struct capr_thread *self, struct capr_mutex *m)
{
    struct capr_extra *x = capr__extra(self);
    if (!x)
        return EAGAIN;
    if (x->robust_count == x->robust_capacity) {
        uint32_t capacity = x->robust_capacity ? x->robust_capacity * 2 : 4;
        struct capr_mutex **list = realloc(x->robust, capacity * sizeof(*list));
        if (!list)
            return EAGAIN;
        x->robust = list;
        x->robust_capacity = capacity;
    }
    x->robust[x->robust_count++] = m;
    return 0;
}

void capr__robust_remove(struct capr_thread *self, struct capr_mutex *m)
{
    struct capr_extra *x = self->extra;
    for (uint32_t i = x ? x->robust_count : 0; i-- > 0;) {
        if (x->robust[i] == m) {
            x->robust[i] = x->robust[--x->robust_count];
            return;
        }
    }
}

void capr__robust_end(struct capr_thread *self)
{
    struct capr_extra *x = self->extra;
    while (x && x->robust_count) {
        struct capr_mutex *m = x->robust[--x->robust_count];
        m->count = 0;
        m->kind |= CAPR_MUTEX_ORPHANED;
        if (m->kind & CAPR_MUTEX_SHARED)
            __atomic_store_n(&m->owner, CAPR_MUTEX_SLOW, __ATOMIC_RELEASE);
        else
            capr__mutex_pass(m);
    }
}

/* --- kernel threads that are no workers --------------------------------------------------------------------------------- */

static uint64_t foreign_word(void)
{
    uint64_t tcb;
    __asm__("movq %%fs:0x10, %0" : "=r"(tcb));
    return tcb | CAPR_MUTEX_FOREIGN;
}

int capr__foreign_lock(struct capr_mutex *m, uint64_t deadline)
{
    uint64_t self = foreign_word();
    if (m->kind & CAPR_MUTEX_ROBUST)
        return ENOTSUP;
    if ((m->owner & (CAPR_MUTEX_OWNER | CAPR_MUTEX_FOREIGN)) == self) {
        if ((m->kind & CAPR_MUTEX_TYPE) == PTHREAD_MUTEX_RECURSIVE) {
            m->count++;
            return 0;
        }
        if ((m->kind & CAPR_MUTEX_TYPE) == PTHREAD_MUTEX_ERRORCHECK)
            return EDEADLK;
    }
    for (unsigned round = 0;;) {
        uint64_t word = __atomic_load_n(&m->owner, __ATOMIC_RELAXED);
        if (!(word & CAPR_MUTEX_OWNER)) {
            if (__atomic_compare_exchange_n(&m->owner, &word, word | self, 0, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
                return 0;
            continue;
        }
        if (deadline == 0 || capr__poll_wait(&round, deadline, 0))
            return ETIMEDOUT;
    }
}

int capr__foreign_unlock(struct capr_mutex *m)
{
    uint64_t word = __atomic_load_n(&m->owner, __ATOMIC_RELAXED);
    if ((m->kind & CAPR_MUTEX_TYPE) != PTHREAD_MUTEX_NORMAL &&
        (word & (CAPR_MUTEX_OWNER | CAPR_MUTEX_FOREIGN)) != foreign_word())
        return EPERM;
    if (m->count) {
        m->count--;
        return 0;
    }
    while (!__atomic_compare_exchange_n(&m->owner, &word, word & CAPR_MUTEX_WAITERS, 0, __ATOMIC_RELEASE, __ATOMIC_RELAXED))
        continue;
    return 0;
}

/* --- shared with other processes ------------------------------------------------------------------------------------------ */

/* Process in bits 36 and up (Linux numbers processes below 2^22), thread in 4 to 35. */
static uint64_t shared_word(uint32_t *id)
{
    *id = capr__self() ? capr__self()->id : (uint32_t)gettid() | 1u << 31;
    return (uint64_t)(uint32_t)getpid() << 36 | (uint64_t)*id << 4 | CAPR_MUTEX_SLOW;
}

static int shared_acquired(struct capr_mutex *m)
{
    if (!(m->kind & CAPR_MUTEX_ROBUST))
        return 0;
    if (capr__self()) {
        int error = capr__robust_add(capr__self(), m);
        if (error) {
            __atomic_store_n(&m->owner, CAPR_MUTEX_SLOW, __ATOMIC_RELEASE);
            return error;
        }
    }
    return m->kind & CAPR_MUTEX_ORPHANED ? EOWNERDEAD : 0;
}

int capr__shared_mutex_lock(struct capr_mutex *m, uint64_t deadline)
{
    uint32_t id;
    uint64_t self = shared_word(&id);
    for (unsigned round = 0;;) {
        uint64_t word = __atomic_load_n(&m->owner, __ATOMIC_RELAXED);
        if (m->kind & CAPR_MUTEX_LOST)
            return ENOTRECOVERABLE;
        if (word == CAPR_MUTEX_SLOW) {
            if (__atomic_compare_exchange_n(&m->owner, &word, self, 0, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
                return shared_acquired(m);
            continue;
        }
        if (word == self && (m->kind & CAPR_MUTEX_TYPE) == PTHREAD_MUTEX_RECURSIVE) {
            if (m->count == UINT32_MAX)
                return EAGAIN;
            m->count++;
            return 0;
        }
        if (word == self && (m->kind & CAPR_MUTEX_TYPE) == PTHREAD_MUTEX_ERRORCHECK)
            return EDEADLK;
        if ((m->kind & CAPR_MUTEX_ROBUST) && kill((pid_t)(word >> 36), 0) != 0 && errno == ESRCH) {
            /* The owner's process is gone. One of those who notice takes the mutex over. */
            if (__atomic_compare_exchange_n(&m->owner, &word, self, 0, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) {
                m->count = 0;
                m->kind |= CAPR_MUTEX_ORPHANED;
                return shared_acquired(m);
            }
            continue;
        }
        if (deadline == 0 || capr__poll_wait(&round, deadline, 0))
            return ETIMEDOUT;
    }
}

int capr__shared_mutex_unlock(struct capr_mutex *m)
{
    uint32_t id;
    if (((m->kind & CAPR_MUTEX_TYPE) == PTHREAD_MUTEX_RECURSIVE || (m->kind & CAPR_MUTEX_TYPE) == PTHREAD_MUTEX_ERRORCHECK ||
         (m->kind & CAPR_MUTEX_ROBUST)) &&
        __atomic_load_n(&m->owner, __ATOMIC_RELAXED) != shared_word(&id))
        return EPERM;
    if (m->count) {
        m->count--;
        return 0;
    }
    if (m->kind & CAPR_MUTEX_ROBUST) {
        if (capr__self())
            capr__robust_remove(capr__self(), m);
        if (m->kind & CAPR_MUTEX_ORPHANED)
            m->kind = (m->kind & ~CAPR_MUTEX_ORPHANED) | CAPR_MUTEX_LOST;
    }
    __atomic_store_n(&m->owner, CAPR_MUTEX_SLOW, __ATOMIC_RELEASE);
    return 0;
}
