/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The life of a thread, as seen by the rest of the runtime: where records lie, who is alive, what happens at the end.
 */
#ifndef CAPR_THREAD_H
#define CAPR_THREAD_H

#include "../layout.h"

/* The record of the thread that runs main. */
extern CAPR_HIDDEN struct capr_thread capr__main_thread;

/* Where the entry stubs of this module lie (section capr_entry), filled by init.c. Without the pass there are none: start 0, all
 * addresses inside. Read by icall.S. */
extern CAPR_HIDDEN uint64_t capr__entry_start, capr__entry_bytes;

/* Bytes that capr__thread_return needs below its return address: what a thread has at least, so that to end it need not link. */
extern CAPR_HIDDEN uint64_t capr__return_need;

/* The chunk that a thread was born in; NULL for main and idle threads. */
static inline struct capr_chunk *capr__first_chunk(struct capr_thread *t) {
    return t->start ? (struct capr_chunk *)(t + 1) : NULL;
}

/* The thread of a handle, or NULL where none has it: it was joined, or has ended and was detached. Told with certainty as long as no
 * other thread was created in the same chunk; a number that never was a handle need not be readable. */
static inline struct capr_thread *capr__thread_of(uint64_t handle) {
    struct capr_thread *t = (struct capr_thread *)handle;
    if (t == &capr__main_thread) return t->state ? t : NULL;
    return t && handle % 16 == 0 && (((struct capr_chunk *)(t + 1))->flags & CAPR_CHUNK_RECORD) ? t : NULL;
}

/* Adds to, takes from the list of live threads. */
static inline void capr__all_add(struct capr_thread *t) {
    t->all_prev = NULL;
    t->all_next = capr__process.all;
    if (capr__process.all) capr__process.all->all_prev = t;
    capr__process.all = t;
}

static inline void capr__all_remove(struct capr_thread *t) {
    if (t->all_prev)
        t->all_prev->all_next = t->all_next;
    else
        capr__process.all = t->all_next;
    if (t->all_next) t->all_next->all_prev = t->all_prev;
}

/* What ends with a thread besides its stack: cleanup handlers, then key destructors, run on the thread itself, which may block in
 * them (thread/cleanup.c). */
CAPR_HIDDEN void capr__thread_cleanup(struct capr_thread *self);

/* Called by the trampoline when a start function has returned. */
CAPR_HIDDEN _Noreturn void capr__thread_return(void *result);

/* Ends the running thread with `result`, from any depth and any stack. pthread_exit and cancellation end here. Cleanup handlers
 * and destructors run first, on the stack where this was called. */
CAPR_HIDDEN _Noreturn void capr__thread_exit(void *result);

#endif
