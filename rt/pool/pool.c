/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The kernel threads' side of the pool: queues, their growth and shrinking, and the jobs that have finished (io/finished.h).
 * The threads are libc's, so that what runs on them may use libc and setuid reaches them; they block all signals but libc's own
 * and the one that ends a call. Plain code.
 */
#include "pool.h"

#include <linux/futex.h>
#include <pthread.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include "../io/fd.h"
#include "../io/finished.h"
#include "../proc/env.h"
#include "../proc/notify.h"
#include "../proc/signals.h"
#include "../sched/leaving.h"
#include "../thread/kernel_thread.h"

/* A thread without work ends after this: what it costs to make one again (30 us) is nothing against it, and a load that comes
 * in bursts keeps its threads. */
#define IDLE_SECONDS 2

/* Bytes of a pool thread's stack, of which only what is touched becomes memory: system calls need a signal's frame (11 KiB with
 * AMX), libc's resolver 100 KiB and what its modules need. */
#define STACK_SYSCALLS (64u << 10)
#define STACK_NAMES (1u << 20)

struct kind {
    uint32_t lock;                 /* 0 free, 1 held, 2 held and waited for */
    uint32_t wakes;                /* futex: goes up when an idle thread is to look */
    uint32_t threads, idle, woken; /* alive; waiting for work; of those, told to look */
    uint32_t queued;               /* jobs in the queue */
    struct capr_job *head, *tail;
};

static struct kind kinds[CAPR_JOB_KINDS];
static struct capr_finished finished;
static int started;

static long futex(uint32_t *word, int op, uint32_t value, const struct timespec *timeout) {
    return capr__sys6(SYS_futex, (long)word, op | FUTEX_PRIVATE_FLAG, value, (long)timeout, 0, 0);
}

static void lock(struct kind *k) {
    uint32_t seen = 0;
    if (__atomic_compare_exchange_n(&k->lock, &seen, 1, 0, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) return;
    while (__atomic_exchange_n(&k->lock, 2, __ATOMIC_ACQUIRE)) futex(&k->lock, FUTEX_WAIT, 2, NULL);
}

static void unlock(struct kind *k) {
    if (__atomic_exchange_n(&k->lock, 0, __ATOMIC_RELEASE) == 2) futex(&k->lock, FUTEX_WAKE, 1, NULL);
}

CAPR_HIDDEN void capr__pool_perform(struct capr_job *job) {
    if (job->run) {
        job->run(job);
        return;
    }
    /* The signal may have been meant for the job before this one. */
    do {
        capr__call_to_end = 1;
        job->result = capr__sys6(job->number, job->arg[0], job->arg[1], job->arg[2], job->arg[3], job->arg[4], job->arg[5]);
        capr__call_to_end = 0;
    } while (job->result == -EINTR && job->tid && !__atomic_load_n(&job->abort, __ATOMIC_ACQUIRE));
}

/* The oldest job of the queue, or NULL. */
static struct capr_job *take(struct kind *k) {
    struct capr_job *job = k->head;
    if (!job) return NULL;
    k->head = job->next;
    if (!k->head) k->tail = NULL;
    k->queued--;
    return job;
}

/* Waits for work. Returns 0 if there was none for IDLE_SECONDS. */
static int wait_for_work(struct kind *k) {
    struct timespec timeout = {IDLE_SECONDS, 0};
    uint32_t wakes = k->wakes;
    k->idle++;
    unlock(k);
    long r = futex(&k->wakes, FUTEX_WAIT, wakes, &timeout);
    lock(k);
    k->idle--;
    if (k->woken) {
        k->woken--;
        return 1;
    }
    return r != -ETIMEDOUT;
}

/* What the kernel sends to the thread whose call failed is for the thread that wanted the call. */
static uint8_t signal_of_call(void) {
    uint64_t set = CAPR_SIGNALS_OF_CALLS;
    struct timespec zero = {0, 0};
    long number = capr__sys4(SYS_rt_sigtimedwait, (long)&set, 0, (long)&zero, 8);
    return number > 0 ? (uint8_t)number : 0;
}

static void *pool_thread(void *arg) {
    struct kind *k = arg;
    int tid = (int)capr__sys1(SYS_gettid, 0);
    uint32_t least = k == &kinds[CAPR_JOB_DISK] ? capr__env.pool_min : 0;
    lock(k);
    for (;;) {
        struct capr_job *job = take(k);
        if (!job) {
            if (wait_for_work(k) || k->head || k->threads <= least) continue;
            break;
        }
        job->tid = tid;
        __atomic_store_n(&job->state, CAPR_JOB_RUNNING, __ATOMIC_RELEASE);
        unlock(k);
        capr__pool_perform(job);
        if (!job->run && (job->result == -EPIPE || job->result == -EFBIG)) job->signal = signal_of_call();
        lock(k);
        job->tid = 0; /* no signal from here on */
        unlock(k);
        __atomic_store_n(&job->state, CAPR_JOB_FINISHED, __ATOMIC_RELEASE);
        capr__finished_push(&finished, job);
        lock(k);
    }
    k->threads--;
    unlock(k);
    return NULL;
}

static int start_thread(struct kind *k) {
    size_t bytes = k == &kinds[CAPR_JOB_NAMES] ? STACK_NAMES : STACK_SYSCALLS;
    return -capr__kernel_thread_start(pool_thread, k, bytes, 1ull << (CAPR_NOTIFY_SIGNAL - 1));
}

/* Makes the threads of finished jobs ready. On the worker. */
static int collect(void) {
    int n = 0;
    for (struct capr_job *oldest = capr__finished_take(&finished); oldest;) {
        struct capr_job *job = oldest;
        oldest = job->next;
        n++;
        CAPR_SHOW_MORE(capr__worker.count.pool_jobs, 1);
        if (job->kind == CAPR_JOB_DISK) capr__disk_took(job->since);
        job->state = CAPR_JOB_DONE;
        if (job->done)
            job->done(job);
        else if (job->waiting && job->thread->state == CAPR_PARKED)
            capr__ready(job->thread);
    }
    return n;
}

CAPR_HIDDEN void capr__pool_left(void *object) {
    struct capr_job *job = object;
    const struct timespec moment = {0, 20000};
    capr__handlers_off();
    job->waiting = 0;
    while (job->state != CAPR_JOB_DONE) {
        capr__pool_abort(job);
        if (job->state == CAPR_JOB_DONE) break;
        capr__sys2(SYS_nanosleep, (long)&moment, 0);
        collect();
    }
    capr__handlers_on();
}

static int arm(void) { return capr__finished_arm(&finished); }
static void disarm(void) { capr__finished_disarm(&finished); }

/* In the child of a fork: the kernel threads and their jobs are the parent's. A handler may have forked that interrupted a wait for one. */
static void forked(void) {
    for (struct capr_leaving *l = NULL; (l = capr__leaving_by(l, capr__pool_left));) {
        struct capr_job *job = l->object;
        if (job->state == CAPR_JOB_DONE) continue;
        job->result = CAPR_POOL_NOBODY;
        job->state = CAPR_JOB_DONE;
    }
    __builtin_memset(kinds, 0, sizeof kinds);
    finished = (struct capr_finished){0};
    started = 0;
}

static struct capr_source source = {.collect = collect, .arm = arm, .disarm = disarm, .forked = forked};

static int start_pool(void) {
    int fd = capr__io_wake_fd();
    if (fd < 0) return fd;
    int e = capr__signals_notify_signal();
    if (e) return -e;
    capr__io_source_add(&source);
    started = 1;
    return 0;
}

CAPR_HIDDEN int capr__pool_submit(struct capr_job *job) {
    struct kind *k = &kinds[job->kind];
    if (!started && start_pool()) return -EAGAIN;
    uint32_t most = job->kind == CAPR_JOB_ENDLESS ? UINT32_MAX : capr__env.pool_max;
    job->next = NULL;
    job->since = capr__now();
    job->state = CAPR_JOB_QUEUED;
    lock(k);
    int wake = k->idle > k->woken, grow = !wake && k->threads < most;
    if (grow) {
        k->threads++; /* before it runs, so that it counts itself once */
        unlock(k);
        int e = start_thread(k);
        lock(k);
        if (e) k->threads--;
        if (e && (k->threads == 0 || job->kind == CAPR_JOB_ENDLESS)) {
            unlock(k);
            job->state = CAPR_JOB_NEW;
            return -EAGAIN;
        }
    }
    if (k->tail && k->head)
        k->tail->next = job;
    else
        k->head = job;
    k->tail = job;
    k->queued++;
    /* The new thread may have come before the job and sleep already. */
    if (k->idle > k->woken) {
        wake = 1;
        k->woken++;
        k->wakes++;
    } else
        wake = 0;
    unlock(k);
    if (wake) futex(&k->wakes, FUTEX_WAKE, 1, NULL);
    return 0;
}

/* Takes a job out of the queue. Returns whether it was there. */
static int withdraw(struct kind *k, struct capr_job *job) {
    struct capr_job *before = NULL;
    for (struct capr_job *j = k->head; j; before = j, j = j->next) {
        if (j != job) continue;
        *(before ? &before->next : &k->head) = j->next;
        if (k->tail == j) k->tail = before;
        k->queued--;
        return 1;
    }
    return 0;
}

CAPR_HIDDEN int capr__pool_withdraw(struct capr_job *job) {
    struct kind *k = &kinds[job->kind];
    lock(k);
    int taken = withdraw(k, job);
    unlock(k);
    return taken;
}

CAPR_HIDDEN void capr__pool_abort(struct capr_job *job) {
    struct kind *k = &kinds[job->kind];
    __atomic_store_n(&job->abort, 1, __ATOMIC_RELEASE);
    lock(k);
    if (withdraw(k, job)) {
        job->result = -EINTR;
        job->state = CAPR_JOB_DONE;
    } else if (job->tid) {
        capr__sys3(SYS_tgkill, capr__sys1(SYS_getpid, 0), job->tid, CAPR_NOTIFY_SIGNAL);
    }
    unlock(k);
}
