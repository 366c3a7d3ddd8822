/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * What few threads have: a name, scheduling parameters, robust mutexes. Kept out of the thread record, which every blocked
 * thread pays for, and allocated at first use. pthread_create may fill in the stack that was asked for.
 */
#ifndef CAPR_THREAD_EXTRA_H
#define CAPR_THREAD_EXTRA_H

#include <sched.h>

#include "../layout.h"

struct capr_mutex;

struct capr_extra {
    char name[16];                 /* NUL-terminated; empty: never set */
    int policy;                    /* SCHED_*; as last set, without effect */
    int priority;                  /* in the range of the policy; as last set, without effect */
    cpu_set_t *affinity;           /* malloc'ed copy of what pthread_setaffinity_np got, or NULL */
    size_t affinity_size;          /* bytes */
    size_t stack_size, guard_size; /* bytes, as asked for at creation; 0: defaults */
    struct capr_mutex **robust;    /* robust mutexes that the thread holds, in the order of locking */
    uint32_t robust_count, robust_capacity;
};

/* The thread's extra record, made if there is none; NULL when out of memory. May run malloc. */
CAPR_HIDDEN struct capr_extra *capr__extra(struct capr_thread *t);

/* Frees it. Called by whoever frees the thread's record; harmless when there is none. */
CAPR_HIDDEN void capr__extra_free(struct capr_thread *t);

#endif
