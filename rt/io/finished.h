/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * How kernel threads hand finished work to the worker: a list that they push to and the poll loop empties, and a word that says whether
 * the worker has to be woken. The worker says that it is about to wait (`asleep`), looks at the list once more, and waits. Who finishes
 * something puts it on the list and then writes to the worker's eventfd only if the word was set, and clears it: one write per
 * wait, however many end meanwhile. The first member of each item is a pointer, the list's until it is taken.
 */
#ifndef CAPR_IO_FINISHED_H
#define CAPR_IO_FINISHED_H

#include "source.h"

struct capr_finished {
    void *newest;    /* pushed by kernel threads, emptied by the worker */
    uint32_t asleep; /* the worker waits in the kernel, or is about to */
};

/* From here on the item is the worker's. On any kernel thread. */
static inline void capr__finished_push(struct capr_finished *list, void *item) {
    void *head = __atomic_load_n(&list->newest, __ATOMIC_RELAXED);
    do
        *(void **)item = head;
    while (!__atomic_compare_exchange_n(&list->newest, &head, item, 0, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED));
    if (__atomic_load_n(&list->asleep, __ATOMIC_SEQ_CST) && __atomic_exchange_n(&list->asleep, 0, __ATOMIC_SEQ_CST)) capr__io_wake();
}

/* Takes all items, of which the first is the one that finished first; NULL if there are none. */
static inline void *capr__finished_take(struct capr_finished *list) {
    if (!__atomic_load_n(&list->newest, __ATOMIC_RELAXED)) return NULL;
    void *item = __atomic_exchange_n(&list->newest, NULL, __ATOMIC_ACQUIRE), *oldest = NULL;
    while (item) {
        void *next = *(void **)item;
        *(void **)item = oldest;
        oldest = item;
        item = next;
    }
    return oldest;
}

/* What a source's `arm` and `disarm` do. */
static inline int capr__finished_arm(struct capr_finished *list) {
    __atomic_store_n(&list->asleep, 1, __ATOMIC_SEQ_CST);
    return __atomic_load_n(&list->newest, __ATOMIC_SEQ_CST) != NULL;
}

static inline void capr__finished_disarm(struct capr_finished *list) { __atomic_store_n(&list->asleep, 0, __ATOMIC_RELAXED); }

#endif
