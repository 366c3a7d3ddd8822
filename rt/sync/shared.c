/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Process-shared reader-writer locks and barriers. Of those who wait for a lock the first polls glibc's try form (line.h): the
 * holder may be a native thread, which cannot put a thread into our run queue. glibc knows the worker's kernel thread as the writer
 * and the readers by number only; which of our threads writes is in held.h. A barrier has no try form, so that the call is a helper
 * kernel thread's (helper.h). Mutexes, condition variables and semaphores do the same in their own files.
 */
#include "shared.h"

#include <errno.h>

#include "held.h"
#include "helper.h"
#include "libcs.h"
#include "line.h"
#include "wait.h"

/* The record of the thread of ours that writes, or NULL. A record of what was mapped at this address before is dropped. */
static struct capr_held *writer_of(const pthread_rwlock_t *l) {
    struct capr_held *h = capr__held_find(l);
    if (h && !capr__held_by_worker(__atomic_load_n(&l->__data.__cur_writer, __ATOMIC_RELAXED))) {
        capr__held_drop(h);
        return NULL;
    }
    return h;
}

/* After a try that failed with EBUSY. LOOK_AGAIN, or the result. */
#define LOOK_AGAIN (-1)

static int wait_once(pthread_rwlock_t *l, struct capr_line *line, uint64_t deadline) {
    struct capr_held *h = writer_of(l);
    if (h && (h->owner == capr__self() || capr__worker.in_signal))
        return EDEADLK; /* else its holder cannot run before this handler ends */
    if (deadline == 0 || capr__line_wait(line, l, deadline)) return ETIMEDOUT;
    return LOOK_AGAIN;
}

int capr__shared_read(pthread_rwlock_t *l, uint64_t deadline) {
    const struct capr_libcs *libc = capr__libcs();
    if (!capr__self() && deadline) { /* a kernel thread that is no worker is what glibc takes it for */
        struct timespec until = capr__libcs_time(deadline);
        return libc->rwlock_clockrdlock(l, CLOCK_MONOTONIC, &until);
    }
    struct capr_line line = { 0 };
    int error;
    do {
        error = libc->rwlock_tryrdlock(l);
        if (error == EBUSY) error = capr__self() ? wait_once(l, &line, deadline) : ETIMEDOUT;
    } while (error == LOOK_AGAIN);
    capr__line_end(&line, l);
    return error;
}

int capr__shared_write(pthread_rwlock_t *l, uint64_t deadline) {
    const struct capr_libcs *libc = capr__libcs();
    struct capr_thread *self = capr__self();
    if (!self && deadline) {
        struct timespec until = capr__libcs_time(deadline);
        return libc->rwlock_clockwrlock(l, CLOCK_MONOTONIC, &until);
    }
    struct capr_line line = { 0 };
    int error;
    do {
        error = self ? capr__held_reserve(self) : 0;
        if (error) break;
        error = libc->rwlock_trywrlock(l);
        if (error == 0 && self) {
            struct capr_held *past = capr__held_find(l);
            if (past) capr__held_drop(past);
            capr__held_add(self, l, 0);
        }
        if (error == EBUSY) error = self ? wait_once(l, &line, deadline) : ETIMEDOUT;
    } while (error == LOOK_AGAIN);
    capr__line_end(&line, l);
    return error;
}

/* Readers, also those that wait, are counted from bit 3 on; bit 1: some writer holds it. */
static int is_held(const pthread_rwlock_t *l) {
    unsigned word = __atomic_load_n(&l->__data.__readers, __ATOMIC_RELAXED);
    return word >> 3 || (word & 2);
}

int capr__shared_rwunlock(pthread_rwlock_t *l) {
    if (!is_held(l)) return EINVAL;
    struct capr_held *h = capr__self() ? writer_of(l) : NULL;
    if (h && h->owner != capr__self()) return EPERM;
    int error = capr__libcs()->rwlock_unlock(l);
    if (error == 0 && h) capr__held_drop(h);
    if (error == 0 && capr__self()) capr__line_next(l);
    return error;
}

int capr__shared_rwinit(pthread_rwlock_t *l, const pthread_rwlockattr_t *attr) {
    struct capr_held *h = capr__self() ? capr__held_find(l) : NULL;
    if (h) capr__held_drop(h);
    return capr__libcs()->rwlock_init(l, attr);
}

int capr__shared_rwdestroy(pthread_rwlock_t *l) { return is_held(l) ? EBUSY : capr__libcs()->rwlock_destroy(l); }

int capr__shared_barrier_wait(pthread_barrier_t *b) {
    if (!capr__self()) return capr__libcs()->barrier_wait(b);
    if (!capr__may_switch()) return EDEADLK;
    struct capr_helper *h;
    for (unsigned round = 0; !(h = capr__helper_get());) capr__poll_wait(&round, CAPR_FOREVER, 0);
    capr__helper_ask(h, CAPR_HELPER_BARRIER, b, CAPR_FOREVER);
    while (!capr__helper_done(h)) capr__helper_park(h, 0);
    return capr__helper_put(h);
}

/* glibc waits until those who need not wait any more are out, which kernel threads are by themselves, and for ever while there are
 * others: its first words count who came in, and who of them need not wait. */
int capr__shared_barrier_destroy(pthread_barrier_t *b) {
    const unsigned *word = (const unsigned *)b;
    if (__atomic_load_n(&word[0], __ATOMIC_RELAXED) != __atomic_load_n(&word[1], __ATOMIC_RELAXED)) return EBUSY;
    return capr__libcs()->barrier_destroy(b);
}
