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

/* Submits the job and notes how the wait for it is left, if somebody will run it. */
static int begin(struct capr_job *job, struct capr_leaving *left) {
    job->thread = capr__self();
    capr__handlers_off();
    int error = capr__pool_submit(job);
    if (!error) capr__leaving_begin(job->thread, left, capr__pool_left, job);
    capr__handlers_on();
    return error;
}

CAPR_HIDDEN long capr__pool_run(struct capr_job *job) {
    struct capr_leaving left;
    if (capr__in_place() || begin(job, &left)) {
        uint32_t depth = capr__out();
        capr__pool_perform(job);
        capr__in(depth);
        return job->result;
    }
    do {
        job->waiting = 1;
        capr__fd_waiter_begin(job->thread);
        capr__park();
        capr__fd_waiter_end(job->thread);
        job->waiting = 0;
    } while (!finished(job));
    capr__leaving_end(job->thread, &left);
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
    struct capr_leaving left;
    if (begin(job, &left)) {
        capr__signals_wait_begin(job->thread, how);
        if (point)
            capr__park_point(capr__now() + RETRY_NS);
        else
            capr__park_lock(capr__now() + RETRY_NS);
        int ended = capr__signals_wait_end(job->thread) || (point ? capr__cancel_due(job->thread) : capr__cancel_async_due(job->thread));
        return ended ? -EINTR : CAPR_POOL_NOBODY;
    }
    int ended = 0;
    do {
        if (!job->abort) {
            ended = wait_once(job, how, point);
            if (ended && !finished(job)) capr__pool_abort(job);
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
    if (ended && job->result == CAPR_POOL_NOBODY) return -EINTR; /* in the child of a handler's fork */
    return end(job);
}

CAPR_HIDDEN __attribute__((noinline)) long capr__disk_call(long number, long a, long b, long c, long d, long e) {
    if (capr__env.disk == CAPR_DISK_IMMEDIATE || capr__in_place()) return CAPR_OUTSIDE(capr__sys6(number, a, b, c, d, e, 0));
    struct capr_job job = {.number = number, .arg = {a, b, c, d, e, 0}, .kind = CAPR_JOB_DISK};
    return capr__pool_run(&job);
}
