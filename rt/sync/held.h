/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Who of this process holds which process-shared lock. glibc notes the kernel thread in the object, which is the worker for every
 * user-level thread, so that "is it mine?" needs a record of our own: one for each lock that is held now and whose type asks (not
 * normal mutexes, nor locks held for reading), found by address. Only the worker's threads are in it, and only the worker looks: other
 * kernel threads have a number of their own, which glibc's functions go by.
 */
#ifndef CAPR_SYNC_HELD_H
#define CAPR_SYNC_HELD_H

#include <sys/types.h>

#include "../layout.h"

struct capr_held {
    struct capr_held *next;
    void *object;              /* mutex or rwlock */
    struct capr_thread *owner; /* NULL: it ended, and the lock is held for ever, as natively */
    int robust;                /* a robust mutex, to be given up when its owner ends */
};

/* The record of an object, or NULL. None of these blocks. */
CAPR_HIDDEN struct capr_held *capr__held_find(const void *object);

/* Makes sure that the next capr__held_add for `self` finds memory: 0 or EAGAIN. */
CAPR_HIDDEN int capr__held_reserve(struct capr_thread *self);
CAPR_HIDDEN void capr__held_add(struct capr_thread *self, void *object, int robust);
CAPR_HIDDEN void capr__held_drop(struct capr_held *h);

/* When `self` ends: `robust` is called for its robust mutexes, whose records are gone then. */
CAPR_HIDDEN void capr__held_end(struct capr_thread *self, void (*robust)(void *object));

/* Whether that is the kernel's number of a worker. */
CAPR_HIDDEN int capr__held_by_worker(pid_t holder);

/* In the child of a fork, which holds none of its parent's locks. */
CAPR_HIDDEN void capr__held_forked(void);

#endif
