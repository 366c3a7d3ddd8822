/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Process-shared mutexes: glibc's, by glibc's pthread_mutex_trylock and _unlock on the worker, polled by the first of
 * our threads that wait for it (line.h: the other holders may be native threads, which cannot put a thread into our run queue). glibc takes all user-level threads for
 * one, the worker's kernel thread: where a type goes by its owner, held.h says which of ours it is before glibc is asked. The
 * robust list that the kernel walks when the process dies is the worker's, with all that its threads hold, which is right then;
 * a user-level thread that ends earlier does for its own mutexes what the kernel would.
 */
#include <errno.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "held.h"
#include "libcs.h"
#include "line.h"
#include "mutex.h"
#include "wait.h"

static inline int kind_of(const pthread_mutex_t *m) { return __atomic_load_n(&m->__data.__kind, __ATOMIC_RELAXED); }
static inline int type_of(const pthread_mutex_t *m) { return kind_of(m) & CAPR_MUTEX_TYPE; }

/* Types that ask who the owner is. A normal mutex held by another thread of ours just looks locked, and may be unlocked by anybody. */
static int has_owner(const pthread_mutex_t *m) {
    int type = type_of(m);
    return type == PTHREAD_MUTEX_RECURSIVE || type == PTHREAD_MUTEX_ERRORCHECK ||
           (kind_of(m) & (CAPR_LIBCS_ROBUST | CAPR_LIBCS_PRIO_INHERIT | CAPR_LIBCS_PRIO_PROTECT));
}

static inline uint32_t lock_word(const pthread_mutex_t *m) {
    return (uint32_t)__atomic_load_n(&m->__data.__lock, __ATOMIC_RELAXED);
}

/* Whether a worker's kernel thread has it, for whichever of its threads. __owner is no number of a thread while a robust mutex is
 * inconsistent, and the lock word is none where nothing but the owner has to be known. */
static int is_workers(const pthread_mutex_t *m) {
    if (kind_of(m) & (CAPR_LIBCS_ROBUST | CAPR_LIBCS_PRIO_INHERIT)) return capr__held_by_worker((pid_t)(lock_word(m) & FUTEX_TID_MASK));
    return capr__held_by_worker(__atomic_load_n(&m->__data.__owner, __ATOMIC_RELAXED));
}

/* The record of the thread of ours that holds it, or NULL. A record of what was mapped at this address before is dropped. */
static struct capr_held *holder_of(const pthread_mutex_t *m) {
    struct capr_held *h = capr__held_find(m);
    if (h && !is_workers(m)) {
        capr__held_drop(h);
        return NULL;
    }
    return h;
}

/* glibc's trylock (2.36; in its source long before) leaves a mutex that is not recoverable locked, for whoever waits for the error. */
static void let_go(pthread_mutex_t *m) {
    if (!is_workers(m) || (kind_of(m) & CAPR_LIBCS_PRIO_INHERIT)) return;
    if ((uint32_t)__atomic_exchange_n(&m->__data.__lock, 0, __ATOMIC_RELEASE) & FUTEX_WAITERS)
        syscall(SYS_futex, &m->__data.__lock, FUTEX_WAKE, 1, NULL, NULL, 0);
}

/* 0 and EOWNERDEAD: it is self's. EBUSY: not now. */
static int try(pthread_mutex_t *m, struct capr_thread *self) {
    const struct capr_libcs *libc = capr__libcs();
    if (!has_owner(m)) return libc->mutex_trylock(m);
    struct capr_held *h = holder_of(m);
    if (h) {
        if (h->owner != self) return EBUSY;
        if (type_of(m) == PTHREAD_MUTEX_RECURSIVE)
            return libc->mutex_trylock(m); /* counts */
        return type_of(m) == PTHREAD_MUTEX_ERRORCHECK ? EDEADLK : EBUSY;
    }
    int robust = kind_of(m) & CAPR_LIBCS_ROBUST, error = capr__held_reserve(self);
    if (error) return error;
    if (robust && __atomic_load_n(&m->__data.__owner, __ATOMIC_RELAXED) == CAPR_LIBCS_NOTRECOVERABLE) return ENOTRECOVERABLE;
    error = libc->mutex_trylock(m);
    if (error == 0 || error == EOWNERDEAD)
        capr__held_add(self, m, robust != 0);
    else if (error == ENOTRECOVERABLE)
        let_go(m);
    return error;
}

/* A kernel thread that is no worker is what glibc takes it for. */
static int lock_natively(pthread_mutex_t *m, uint64_t deadline) {
    const struct capr_libcs *libc = capr__libcs();
    if (deadline == CAPR_FOREVER) return libc->mutex_lock(m);
    if (deadline != 0) {
        struct timespec until = capr__libcs_time(deadline);
        return libc->mutex_clocklock(m, CLOCK_MONOTONIC, &until);
    }
    int error = libc->mutex_trylock(m);
    return error == EBUSY ? ETIMEDOUT : error;
}

int capr__shared_mutex_lock(pthread_mutex_t *m, uint64_t deadline) {
    struct capr_thread *self = capr__self();
    if (!self) return lock_natively(m, deadline);
    struct capr_line line = { 0 };
    int error;
    while ((error = try(m, self)) == EBUSY) {
        if (capr__worker.in_signal && is_workers(m)) { /* its holder cannot run before this handler ends */
            error = EDEADLK;
            break;
        }
        if (deadline == 0 || capr__line_wait(&line, m, deadline)) {
            error = ETIMEDOUT;
            break;
        }
    }
    capr__line_end(&line, m);
    return error;
}

/* What is done where this process lets it go. */
static int unlock(pthread_mutex_t *m) {
    int error = capr__libcs()->mutex_unlock(m);
    if (error == 0) capr__line_next(m);
    return error;
}

int capr__shared_mutex_unlock(pthread_mutex_t *m) {
    struct capr_thread *self = capr__self();
    if (!self) return capr__libcs()->mutex_unlock(m);
    if (!has_owner(m)) return unlock(m);
    struct capr_held *h = holder_of(m);
    if (!h || h->owner != self) return EPERM;
    int last = type_of(m) != PTHREAD_MUTEX_RECURSIVE || m->__data.__count <= 1;
    int error = last ? unlock(m) : capr__libcs()->mutex_unlock(m);
    if (error == 0 && last) capr__held_drop(h);
    return error;
}

int capr__shared_mutex_release(pthread_mutex_t *m, uint32_t *count) {
    uint32_t times = type_of(m) == PTHREAD_MUTEX_RECURSIVE ? m->__data.__count : 1;
    int error = capr__shared_mutex_unlock(m);
    if (error) return error;
    for (*count = 0; *count + 1 < times; ++*count) capr__shared_mutex_unlock(m);
    return 0;
}

void capr__shared_mutex_recount(pthread_mutex_t *m, uint32_t count) {
    while (count-- > 0) capr__libcs()->mutex_trylock(m);
}

int capr__shared_mutex_init(pthread_mutex_t *m, const pthread_mutexattr_t *attr) {
    struct capr_held *h = capr__self() ? capr__held_find(m) : NULL;
    if (h) capr__held_drop(h);
    return capr__libcs()->mutex_init(m, attr);
}

int capr__shared_mutex_destroy(pthread_mutex_t *m) {
    /* glibc looks at others only. */
    if ((kind_of(m) & CAPR_LIBCS_ROBUST) && (lock_word(m) & FUTEX_TID_MASK)) return EBUSY;
    if (capr__self() && holder_of(m)) return EBUSY;
    return capr__libcs()->mutex_destroy(m);
}

int capr__shared_mutex_consistent(pthread_mutex_t *m) {
    if (capr__self()) {
        struct capr_held *h = holder_of(m);
        if (!h || h->owner != capr__self()) return EINVAL;
    }
    return capr__libcs()->mutex_consistent(m);
}

/* glibc locks it itself, and waits for that in the kernel: not asked while somebody has it. Should another process come between, the
 * worker waits for that one to unlock. */
int capr__shared_mutex_set_ceiling(pthread_mutex_t *m, int ceiling, int *old) {
    if (!capr__self()) return capr__libcs()->mutex_setprioceiling(m, ceiling, old);
    if (kind_of(m) & CAPR_LIBCS_PRIO_PROTECT)
        for (unsigned round = 0; __atomic_load_n(&m->__data.__owner, __ATOMIC_RELAXED) && !is_workers(m);) capr__poll_wait(&round, CAPR_FOREVER, 0);
    struct capr_held *h = holder_of(m);
    if (h && h->owner != capr__self()) return EBUSY;
    return capr__libcs()->mutex_setprioceiling(m, ceiling, old);
}

/* As the kernel does it for a thread that it ends: off the list, the lock word says that the owner died, one waiter learns it. The
 * list's head names the mutex meanwhile, so that the kernel finds it should the process die half-way. A mutex of priority
 * inheritance is the kernel's to hand over: that one stays locked until the process ends. */
void capr__shared_mutex_orphan(void *object) {
    pthread_mutex_t *m = object;
    struct robust_list_head *head;
    size_t size;
    if (!is_workers(m) || (kind_of(m) & CAPR_LIBCS_PRIO_INHERIT) || syscall(SYS_get_robust_list, 0, &head, &size) != 0) return;
    /* glibc's nodes point to each other's `next`, with a `prev` before it, in the list's head too. */
    struct node { void *prev; struct robust_list next; } *node = (struct node *)&m->__data.__list;
    static_assert(sizeof(struct node) == sizeof(m->__data.__list) && offsetof(struct node, next) == offsetof(__pthread_list_t, __next),
                  "the kernel's link lies in glibc's");
    __atomic_store_n(&head->list_op_pending, &node->next, __ATOMIC_RELEASE);
    struct robust_list *next = node->next.next, *prev = node->prev;
    ((void **)((uint64_t)next & ~1ul))[-1] = prev;
    ((struct robust_list *)((uint64_t)prev & ~1ul))->next = next;
    __atomic_signal_fence(__ATOMIC_SEQ_CST); /* the kernel may follow the link as long as the list leads here */
    node->prev = NULL;
    node->next.next = NULL;
    uint32_t word = lock_word(m);
    while (!__atomic_compare_exchange_n((uint32_t *)&m->__data.__lock, &word, (word & FUTEX_WAITERS) | FUTEX_OWNER_DIED, 0,
                                        __ATOMIC_RELEASE, __ATOMIC_RELAXED))
        continue;
    if (word & FUTEX_WAITERS) syscall(SYS_futex, &m->__data.__lock, FUTEX_WAKE, 1, NULL, NULL, 0);
    __atomic_store_n(&head->list_op_pending, NULL, __ATOMIC_RELEASE);
    capr__line_next(m);
}
