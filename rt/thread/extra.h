/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * What few threads have: a name, scheduling parameters, robust mutexes. Kept out of the thread record, which every blocked
 * thread pays for, and allocated at first use.
 */
#ifndef CAPR_THREAD_EXTRA_H
#define CAPR_THREAD_EXTRA_H

#include <locale.h>
#include <pthread.h>
#include <sched.h>

#include "../layout.h"
#include "../proc/signals.h"
#include "cancel.h"

struct capr_mutex;
struct capr_pending;

struct capr_running_handler;

/* libc's texts in memory of the thread's own (libc/texts.c). */
enum capr_text { CAPR_TEXT_ADDRESS, CAPR_TEXT_ERROR, CAPR_TEXT_SIGNAL, CAPR_TEXT_DL, CAPR_TEXTS };

struct capr_extra {
    uint64_t resume;               /* address that the thread goes on at once its handlers have run; while CAPR_SIGNALS_DUE */
    struct capr_running_handler *handlers; /* those that it runs now (sched/leaving.h), or NULL */
    struct capr_pending *pending;  /* signals for this thread alone: proc/sigqueue.c */
    volatile unsigned int cuts;    /* handlers without SA_RESTART that it has run, signal.c, also on the alternate stack */
    const void *semaphore;         /* process-shared, that it waits for: while it is in the queue of those that do (sync/sem_shared.c) */
    uint64_t awaited;              /* signals that it waits for in sigwait and its relatives */
    stack_t signal_stack;          /* what it gave to sigaltstack; ss_size 0: none */
    uint64_t signal_stack_used;    /* handlers are on it: 1, or the lowest stack pointer there that is known (proc/signal_stack.c) */
    char name[16];                 /* NUL-terminated; empty: never set */
    int policy;                    /* SCHED_*; as last set, without effect */
    int priority;                  /* in the range of the policy; as last set, without effect */
    cpu_set_t *affinity;           /* malloc'ed copy of what pthread_setaffinity_np got, or NULL */
    size_t affinity_size;          /* bytes */
    void *stack;                   /* lowest address of the stack supplied by the program at creation, or NULL */
    void *mark;                    /* on top of it (attr.c), or NULL */
    struct capr_mutex **robust;    /* robust mutexes that the thread holds, in the order of locking */
    uint32_t robust_count, robust_capacity;
    uint32_t held;                 /* process-shared locks that sync/held.c says it holds */
    uint32_t sections;             /* capr_section_begin less capr_section_end: the thread keeps its turn */
    void **module_tls;             /* blocks of thread-local variables of shared objects, by module number, or NULL (module.c) */
    uint32_t module_tls_count;
    char *texts[CAPR_TEXTS];       /* malloc'ed, or NULL */
    locale_t locale;               /* as chosen by uselocale, or NULL: the process's */
};

static_assert(offsetof(struct capr_extra, resume) == CAPR_X_RESUME, "sigentry.S");
static_assert(offsetof(struct capr_extra, handlers) == CAPR_X_HANDLERS, "setjmp.S");

/* The thread's extra record, made if there is none; NULL when out of memory. May run malloc. */
CAPR_HIDDEN struct capr_extra *capr__extra(struct capr_thread *t);

/* Frees it. Called by whoever frees the thread's record; harmless when there is none. */
CAPR_HIDDEN void capr__extra_free(struct capr_thread *t);

/* What pthread_create takes from `attr` (or NULL) and from the creating thread beyond the detach state: scheduling parameters,
 * inherited or explicit, the stack asked for, and the signal mask if there is one. Where the program supplied one, the switch frame below the record moves there,
 * and t->sp, limit and chunk with it. Returns 0, EINVAL, or EAGAIN when out of memory, with nothing left allocated. */
CAPR_HIDDEN int capr__attr_apply(struct capr_thread *t, const pthread_attr_t *attr, struct capr_thread *creator);

/* The thread ends: a stack that was supplied is the program's again as soon as it has switched away. */
CAPR_HIDDEN void capr__attr_leave(const struct capr_extra *x);

/* Whether signals that it does not block are pending for the running thread, sent from another worker, since it last looked; runs the handlers of those. Natively
 * no thread gets to its end before them. */
static inline int capr__extra_signals(const struct capr_thread *self) {
    const struct capr_extra *x = self->extra;
    return x && x->pending && (capr__signals_of(self) & ~self->sigmask);
}

static inline void capr__extra_signals_run(struct capr_thread *self) {
    while (__builtin_expect(capr__extra_signals(self), 0)) capr__signals_run();
}

#endif
