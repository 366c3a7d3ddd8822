/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Kernel threads that make blocking calls on behalf of user-level ones: for what the kernel has no form that never waits. A job
 * is made on the calling thread's own stack; the thread waits until the kernel is done with it, so nothing that the call writes
 * to can go away before, cancellation or not. Only the worker changes what its scheduler sees: pool threads leave finished jobs
 * on a list, which the poll loop collects.
 *
 * A program gets this with the first call that needs it (libcapr_calls.a), and no kernel thread before the first job.
 */
#ifndef CAPR_POOL_H
#define CAPR_POOL_H

#include "../io/syscalls.h"
#include "../sched/sched.h"

enum capr_job_kind {
    CAPR_JOB_DISK,    /* ends by itself and soon: at most CAPRICCIO_POOL's MAX at once */
    CAPR_JOB_NAMES,   /* runs libc's code, ends by itself, perhaps after seconds: as many again, so that the disk need not wait */
    CAPR_JOB_ENDLESS, /* waits for somebody who may himself need the pool: never queued, a kernel thread of its own if need be */
    CAPR_JOB_KINDS,
};

enum capr_job_state {
    CAPR_JOB_NEW,
    CAPR_JOB_QUEUED,
    CAPR_JOB_RUNNING,  /* on a pool thread */
    CAPR_JOB_FINISHED, /* result is there; its thread has not been told */
    CAPR_JOB_DONE,     /* its thread has been made ready, or `done` was called */
};

/* One blocking call. Zero but for what the caller sets. */
struct capr_job {
    struct capr_job *next;             /* queue, list of finished jobs. Owner: the pool, from submit to done */
    void (*run)(struct capr_job *job); /* on a pool thread, sets result; NULL: the system call below */
    void (*done)(struct capr_job *job);/* on the worker's idle thread; NULL: makes `thread` ready */
    struct capr_thread *thread;        /* who waits */
    long number, arg[6];               /* system call */
    long result;                       /* what the kernel returned: -errno on failure */
    uint64_t since;                    /* ns: when it was submitted */
    int tid;                           /* of the kernel thread that runs it */
    uint8_t kind;                      /* enum capr_job_kind */
    uint8_t state;                     /* enum capr_job_state; atomic: FINISHED is the pool thread's, DONE the worker's */
    uint8_t waiting;                   /* `thread` is parked for this and nothing else */
    uint8_t signal;                    /* that the call sent its kernel thread: SIGPIPE or SIGXFSZ, or 0 */
    uint8_t abort;                     /* the thread wants it ended: see capr__pool_abort */
};

/* True where a blocking call is made in place: nothing may give way, or there is nobody to give way to. So a program has no
 * kernel threads of ours before it has threads of its own, and what it does to itself until then (seccomp, capabilities) holds
 * for all of them. (Requests of aio.h are waited for too.) */
CAPR_INLINE int capr__in_place(void) {
    return !capr__may_switch() || (capr__process.live_threads == 1 && capr__process.fd_waiters == 0);
}

/* Runs the job and waits for it; in place as above, or where no kernel thread can be had. Returns job->result. Blocks;
 * neither a signal handler nor cancellation ends the wait. */
CAPR_HIDDEN long capr__pool_run(struct capr_job *job);

/* On the worker: a request to the disk has ended that was made at `since`. */
static inline void capr__disk_took(uint64_t since) {
    capr__process.disk_requests++;
    capr__process.disk_ns += capr__now() - since;
}

/* No result of a system call: there is no kernel thread to be had for the job now, and a while has been waited. */
#define CAPR_POOL_NOBODY (-4097l)

/* The same for an ENDLESS job, whose call is one that ends with EINTR: a handler that `how` (&capr__wait_restartable or
 * &capr__wait_interruptible, proc/signals.h) lets end a wait makes the kernel give up, and so does cancellation if the call is a
 * cancellation `point`. The caller passes a cancellation point after -EINTR. CAPR_POOL_NOBODY: in place it could wait for ever for a
 * thread of this worker, so the caller makes the call again in the form that does not wait, and else comes back. */
CAPR_HIDDEN long capr__pool_run_endless(struct capr_job *job, void *how, int point);

/* A system call on the pool, as one job of kind DISK. In place with CAPRICCIO_DISK=immediate. */
CAPR_HIDDEN long capr__disk_call(long number, long a, long b, long c, long d, long e);

/* pool.c (plain) ---------------------------------------------------------------------------------------------------------- */

/* Queues the job, and makes a kernel thread for it if there is need and room. Returns 0, or -EAGAIN: nobody would run it. */
CAPR_HIDDEN int capr__pool_submit(struct capr_job *job);

/* Makes the call of a job. On any kernel thread. */
CAPR_HIDDEN void capr__pool_perform(struct capr_job *job);

/* Makes the kernel give up a job of a call that ends with EINTR: state becomes DONE at once if it was only queued, else the
 * kernel thread gets a signal. One signal may come too early for the call, so the caller repeats this from time to time. */
CAPR_HIDDEN void capr__pool_abort(struct capr_job *job);

/* The thread leaves its wait for the job by a jump, or ends in it: `job` has ended when this returns. Repeats the signal, and stops the worker
 * until the call has returned, microseconds mostly. (struct capr_leaving.) */
CAPR_HIDDEN void capr__pool_left(void *job);

/* Takes a job back that no kernel thread has begun. Returns 1 if it did: the job is as if never submitted. */
CAPR_HIDDEN int capr__pool_withdraw(struct capr_job *job);

#endif
