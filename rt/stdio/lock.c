/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Who is inside which FILE. Only FILEs that are held have a record, in a table by address, since a FILE has no room for one and
 * most are never waited for. Records come from a list that is never given back: a thread that leaves a call by siglongjmp keeps
 * its hold, as it keeps libc's lock natively, and a record on its stack would be gone. Fat code; memory comes from plain.c.
 */
#include "file.h"

/* Holds at once are threads that wait in stdio: 10,000 make chains of 10. */
#define BUCKETS 1024

CAPR_HIDDEN uint32_t capr__files_locked;
static struct capr_file_lock *buckets[BUCKETS], *unused;

CAPR_HIDDEN struct capr_file_lock *capr__file_locks_more(void); /* plain.c: a list of new records */

static inline struct capr_file_lock **bucket(const FILE *f) {
    return &buckets[((uint64_t)f * 0x9e3779b97f4a7c15u) >> 54];
}

CAPR_HIDDEN struct capr_file_lock *capr__file_holder(const FILE *f) {
    struct capr_file_lock *l = *bucket(f);
    while (l && l->file != f) l = l->next;
    return l;
}

CAPR_HIDDEN struct capr_file_lock *capr__file_enter(FILE *f) {
    if (!capr__may_switch()) return NULL;
    struct capr_thread *self = capr__self();
    struct capr_file_lock *l;
    while ((l = capr__file_holder(f)) && l->owner != self) capr__wait(&l->queue, CAPR_FOREVER);
    if (l) {
        l->depth++;
        return l;
    }
    if (!unused) unused = capr__file_locks_more();
    l = unused;
    unused = l->next;
    struct capr_file_lock **at = bucket(f);
    *l = (struct capr_file_lock){.next = *at, .file = f, .owner = self, .depth = 1};
    *at = l;
    capr__files_locked++;
    return l;
}

CAPR_HIDDEN void capr__file_leave(struct capr_file_lock *l) {
    if (!l || --l->depth) return;
    struct capr_file_lock **at = bucket(l->file);
    while (*at != l) at = &(*at)->next;
    *at = l->next;
    capr__files_locked--;
    /* All of them: the first takes a record of its own, where the others then wait. */
    while (capr__wake_one(&l->queue)) {
    }
    l->next = unused;
    unused = l;
}

/* In the child of a fork: libc's locks are free there too. */
CAPR_HIDDEN void capr__file_locks_forked(void) {
    struct capr_thread *self = capr__self();
    for (int i = 0; i < BUCKETS; i++) {
        for (struct capr_file_lock **at = &buckets[i]; *at;) {
            struct capr_file_lock *l = *at;
            l->queue = (struct capr_queue){NULL, NULL};
            if (l->owner == self) {
                at = &l->next;
                continue;
            }
            *at = l->next;
            l->next = unused;
            unused = l;
            capr__files_locked--;
        }
    }
}

/* flockfile(3), ftrylockfile(3), funlockfile(3). The first blocks. */
CAPR_INTERPOSE void flockfile(FILE *f) { CAPR_MONITOR; capr__file_enter(f); }

CAPR_INTERPOSE int ftrylockfile(FILE *f) {
    CAPR_MONITOR;
    struct capr_file_lock *l = capr__file_holder(f);
    if (l && l->owner != capr__self()) return EBUSY;
    capr__file_enter(f);
    return 0;
}

CAPR_INTERPOSE void funlockfile(FILE *f) {
    CAPR_MONITOR;
    struct capr_file_lock *l = capr__file_holder(f);
    if (l && l->owner == capr__self()) capr__file_leave(l);
}

CAPR_INTERPOSE void _IO_flockfile(FILE *f) { CAPR_MONITOR; flockfile(f); }
CAPR_INTERPOSE int _IO_ftrylockfile(FILE *f) { CAPR_MONITOR; return ftrylockfile(f); }
CAPR_INTERPOSE void _IO_funlockfile(FILE *f) { CAPR_MONITOR; funlockfile(f); }
