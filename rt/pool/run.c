/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A user-level thread's wait for a job of its own. Fat code: a thread that waits for a disk costs its frames and nothing else.
 */
#include "pool.h"

#include "../proc/env.h"
#include "../proc/signals.h"
#include "../sched/leaving.h"
#include "../thread/cancel.h"

/* Between attempts to end a call that has not started in the kernel yet, and to get a kernel thread: ns. */
#define RETRY_NS 1000000u

static inline int finished(const struct capr_job *job) { return job->state == CAPR_JOB_DONE; }

/* What the call does to its thread besides. */
static inline long end(const struct capr_job *job) {
    if (__builtin_expect(job->signal != 0, 0)) capr__signal_of_job(job->signal);
    return job->result;
}

CAPR_HIDDEN long capr__pool_run(struct capr_job *job) {
    if (capr__in_place() || capr__pool_submit(job)) {
        uint32_t depth = capr__out();
        capr__pool_perform(job);
        capr__in(depth);
        return job->result;
    }
    struct capr_worker *w = &capr__worker;
    job->thread = w->self;
    do {
        job->waiting = 1;
        capr__fd_waiter_begin(job->thread);
        capr__park();
        capr__fd_waiter_end(job->thread);
        job->waiting = 0;
    } while (!finished(job));
    return end(job);
}

/* Parks once. Returns whether the call is to be given up. */
static inline int wait_once(struct capr_job *job, void *how, int point) {
    struct capr_thread *self = job->thread;
    capr__signals_wait_begin(self, how);
    job->waiting = 1;
    capr__fd_waiter_begin(self);
    if (point)
        capr__park_point(CAPR_FOREVER);
    else
        capr__park_lock(CAPR_FOREVER);
    capr__fd_waiter_end(self);
    job->waiting = 0;
    return capr__signals_wait_end(self) || (point ? capr__cancel_due(self) : capr__cancel_async_due(self));
}

CAPR_HIDDEN long capr__pool_run_endless(struct capr_job *job, void *how, int point) {
    job->kind = CAPR_JOB_ENDLESS;
    if (capr__in_place()) {
        uint32_t depth = capr__out();
        capr__pool_perform(job);
        capr__in(depth);
        return job->result;
    }
    struct capr_worker *w = &capr__worker;
    job->thread = w->self;
    if (capr__pool_submit(job)) {
        capr__signals_wait_begin(job->thread, how);
        if (point)
            capr__park_point(capr__now() + RETRY_NS);
        else
            capr__park_lock(capr__now() + RETRY_NS);
        int ended = capr__signals_wait_end(job->thread) || (point ? capr__cancel_due(job->thread) : capr__cancel_async_due(job->thread));
        return ended ? -EINTR : CAPR_POOL_NOBODY;
    }
    struct capr_leaving left;
    capr__leaving_begin(job->thread, &left, capr__pool_left, job);
    do {
        if (!job->abort) {
            if (wait_once(job, how, point) && !finished(job)) capr__pool_abort(job);
        } else {
            job->waiting = 1;
            capr__fd_waiter_begin(job->thread);
            capr__park_until(capr__now() + RETRY_NS);
            capr__fd_waiter_end(job->thread);
            job->waiting = 0;
            if (!finished(job)) capr__pool_abort(job);
        }
    } while (!finished(job));
    capr__leaving_end(job->thread, &left);
    return end(job);
}

CAPR_HIDDEN __attribute__((noinline)) long capr__disk_call(long number, long a, long b, long c, long d, long e) {
    if (capr__env.disk == CAPR_DISK_IMMEDIATE || capr__in_place()) return CAPR_OUTSIDE(capr__sys6(number, a, b, c, d, e, 0));
    struct capr_job job = {.number = number, .arg = {a, b, c, d, e, 0}, .kind = CAPR_JOB_DISK};
    return capr__pool_run(&job);
}
