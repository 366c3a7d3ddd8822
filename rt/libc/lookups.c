/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * getaddrinfo_a(3) on the pool. libc's own version makes kernel threads of its own and runs the program's function on one of them, where
 * nothing of this runtime works: a post to the thread that waits for the answer would not wake it. A request is a call of libc's
 * getaddrinfo as a job; how it ended is written by the pool thread, so that a program which asks for it in a loop sees it whatever its
 * threads do; the rest is done on the worker. Plain code.
 */
#include <netdb.h>
#include <signal.h>
#include <stdlib.h>

#include "../io/poll.h"
#include "../io/source.h"
#include "../proc/notify.h"
#include "../proc/signals.h"
#include "../thread/cancel.h"
#include "call.h"

struct request {
    struct capr_libc_job call;
    struct request *next; /* all that have not ended */
    struct gaicb *cb;     /* the program's: not to be touched once `told` */
    struct capr_notify_group *group;  /* NULL: nobody waits for it any more */
    uint8_t told;         /* the gaicb says how it ended, or is about to. Written by the kernel thread */
};

static struct request *requests;
static struct capr_queue suspended; /* threads in gai_suspend and getaddrinfo_a */

static void set(struct gaicb *cb, int result) { __atomic_store_n(&cb->__return, result, __ATOMIC_RELEASE); }
static int get(const struct gaicb *cb) { return __atomic_load_n(&cb->__return, __ATOMIC_ACQUIRE); }

/* On a pool thread. */
static void run(struct capr_job *job) {
    struct request *r = (struct request *)job;
    capr__libc_run(job);
    __atomic_store_n(&r->told, 1, __ATOMIC_RELEASE);
    set(r->cb, (int)job->result);
}

/* A request has ended; its gaicb says so. On the worker. */
static void ended(struct request *gone) {
    struct request **link = &requests;
    while (*link != gone) link = &(*link)->next;
    *link = gone->next;
    CAPR_SHOW_MORE(capr__process.fd_waiters, -1);
    if (gone->group) capr__notify_leave(gone->group, SI_ASYNCNL);
    free(gone);
    while (capr__wake_one(&suspended)) {
    }
}

static void done(struct capr_job *job) { ended((struct request *)job); }

static int nothing(void) { return 0; }
static void no_disarm(void) {}
static int known_to_fork;

static void forked(void) {
    requests = NULL;
    suspended = (struct capr_queue){NULL, NULL};
    known_to_fork = 0;
}

static struct capr_source source = {.collect = nothing, .arm = nothing, .disarm = no_disarm, .forked = forked};

/* Puts a request in. Where no kernel thread is to be had it is made in place. Returns whether there was memory for it. */
static int enqueue(struct gaicb *cb, struct capr_notify_group *g) {
    static void *function;
    struct request *r = calloc(1, sizeof *r);
    set(cb, r ? EAI_INPROGRESS : EAI_MEMORY);
    if (!r) return 0;
    if (!known_to_fork) {
        known_to_fork = 1;
        capr__io_source_add(&source);
    }
    *r = (struct request){.call = {.job = {.run = run, .done = done, .kind = CAPR_JOB_NAMES},
                                   .name = "getaddrinfo",
                                   .function = &function,
                                   .arg = {(long)cb->ar_name, (long)cb->ar_service, (long)cb->ar_request, (long)&cb->ar_result}},
                          .next = requests,
                          .cb = cb,
                          .group = g};
    requests = r;
    g->left++;
    CAPR_SHOW_MORE(capr__process.fd_waiters, 1); /* the poll loop is to collect */
    if (!capr__libc_find(&r->call) || capr__pool_submit(&r->call.job)) {
        run(&r->call.job);
        ended(r);
    }
    return 1;
}

/* Waits for some request to end. 0, EAI_AGAIN at the deadline, EAI_INTR. */
static int wait_any(uint64_t deadline, void *how) {
    struct capr_thread *self = capr__self();
    capr__signals_wait_begin(self, how);
    capr__queue_push(&suspended, self);
    int timed_out = capr__park_point(deadline);
    int interrupted = capr__signals_wait_end(self);
    return interrupted || capr__cancel_due(self) ? EAI_INTR : timed_out ? EAI_AGAIN : 0;
}

/* GNU getaddrinfo_a. Returns 0; EAI_SYSTEM for another mode (EINVAL) or if a request could not be made; EAI_MEMORY; EAI_AGAIN in a
 * signal handler or on a kernel thread that is no worker. Blocks with GAI_WAIT, and is then a cancellation point; the requests go on. */
CAPR_INTERPOSE int getaddrinfo_a(int mode, struct gaicb *list[restrict], int n, struct sigevent *restrict event) {
    CAPR_MONITOR;
    if (mode != GAI_WAIT && mode != GAI_NOWAIT) {
        errno = EINVAL;
        return EAI_SYSTEM;
    }
    if (!capr__may_switch()) return EAI_AGAIN;
    struct capr_notify_group own = {.left = 1, .on_stack = 1, .event = {.sigev_notify = SIGEV_NONE}}, *g = &own;
    if (mode == GAI_NOWAIT) {
        if (!(g = malloc(sizeof *g))) return EAI_MEMORY;
        *g = (struct capr_notify_group){.left = 1, .event = {.sigev_notify = SIGEV_NONE}};
        if (event) g->event = *event;
    }
    int failed = 0;
    for (int i = 0; i < n; i++)
        if (list[i]) failed |= !enqueue(list[i], g);
    if (mode == GAI_NOWAIT) {
        capr__notify_leave(g, SI_ASYNCNL);
        return failed ? EAI_SYSTEM : 0;
    }
    while (own.left > 1 && !capr__cancel_due(capr__self())) wait_any(CAPR_FOREVER, &capr__wait_restartable);
    for (struct request *r = requests; own.left > 1 && r; r = r->next)
        if (r->group == g) r->group = NULL;
    if (own.left > 1) capr__cancel_point();
    return failed ? EAI_SYSTEM : 0;
}

static int in_progress(const struct gaicb *const list[], int n) {
    int count = 0;
    for (int i = 0; i < n; i++) count += list[i] && get(list[i]) == EAI_INPROGRESS;
    return count;
}

/* GNU gai_suspend: until one of those in progress has ended. Returns 0, EAI_ALLDONE if none was, EAI_AGAIN after `timeout`, EAI_INTR,
 * EAI_SYSTEM for a timeout that is none. Blocks. Cancellation point. */
CAPR_INTERPOSE int gai_suspend(const struct gaicb *const list[], int n, const struct timespec *timeout) {
    CAPR_MONITOR;
    capr__cancel_point();
    uint64_t deadline;
    int e = capr__poll_deadline(timeout, &deadline), before = in_progress(list, n);
    if (e) {
        errno = EINVAL;
        return EAI_SYSTEM;
    }
    if (!before) return EAI_ALLDONE;
    while (in_progress(list, n) == before && !e) e = !deadline || !capr__may_switch() ? EAI_AGAIN : wait_any(deadline, &capr__wait_interruptible);
    if (e == EAI_INTR) capr__cancel_point();
    return in_progress(list, n) < before ? 0 : e;
}

/* GNU gai_error: also gives way, since programs ask in a loop. */
CAPR_INTERPOSE int gai_error(struct gaicb *cb) {
    CAPR_MONITOR;
    if (get(cb) == EAI_INPROGRESS && capr__may_switch()) capr__yield();
    return get(cb);
}

/* GNU gai_cancel: if the pool has not begun it. Does not block. */
CAPR_INTERPOSE int gai_cancel(struct gaicb *cb) {
    CAPR_MONITOR;
    for (struct request *r = requests; r; r = r->next) {
        if (__atomic_load_n(&r->told, __ATOMIC_ACQUIRE) || r->cb != cb) continue;
        if (!capr__pool_withdraw(&r->call.job)) return EAI_NOTCANCELED;
        set(cb, EAI_CANCELED);
        ended(r);
        return EAI_CANCELED;
    }
    return EAI_ALLDONE;
}
