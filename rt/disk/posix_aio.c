/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * <aio.h> on the pool. libc's own version makes kernel threads of its own, waits inside of libc and notifies from there. A request
 * is a job; its error and return value are written by the pool thread, so that a program which asks for them in a loop sees them
 * whatever its threads do; everything else (notification, waiters, what had to wait for it) is done on the worker. Requests on
 * one descriptor run at the same time, but a sync waits for what was asked for before it, and writes that append keep their
 * order. So do reads, and writes, of what has no position (pipes, sockets, terminals): there a request may wait for another thread of
 * the program, so it has a kernel thread of its own. Plain code.
 */
#include <aio.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../io/pair.h"
#include "../io/poll.h"
#include "../io/source.h"
#include "../proc/notify.h"
#include "../proc/signals.h"
#include "disk.h"

enum operation { READ, WRITE, APPEND, SYNC, DATASYNC };

struct request {
    struct capr_job job;
    struct request *next, *prev; /* all that have not ended, oldest first */
    struct aiocb *cb;            /* the program's: not to be touched once its error code says that it has ended */
    struct capr_notify_group *group;
    struct sigevent event;
    void *buf;
    size_t n;
    off_t offset;
    int fd;
    uint8_t operation; /* enum operation */
    uint8_t started;   /* given to the pool */
    uint8_t stream;    /* the descriptor has no position */
    uint8_t told;      /* 0; 1 while the aiocb is being told how it ended; 2. Written by the kernel thread */
};

static struct request *oldest, *newest;
static struct capr_queue suspended; /* threads in aio_suspend and lio_listio */

static void set(struct aiocb *cb, long result) {
    cb->__return_value = result < 0 ? -1 : result;
    __atomic_store_n(&cb->__error_code, result < 0 ? (int)-result : 0, __ATOMIC_RELEASE);
}

/* On a pool thread: makes the signal too, since the program may look at nothing but what its handler does, in a loop. */
static void run(struct capr_job *job) {
    struct request *r = (struct request *)job;
    switch (r->operation) {
    case READ:
        job->result = r->stream ? CAPR_OUTSIDE(capr__sys3(SYS_read, r->fd, (long)r->buf, (long)r->n))
                                : CAPR_OUTSIDE(capr__sys4(SYS_pread64, r->fd, (long)r->buf, (long)r->n, r->offset));
        break;
    case WRITE:
    case APPEND:
        job->result = r->stream ? CAPR_OUTSIDE(capr__sys3(SYS_write, r->fd, (long)r->buf, (long)r->n))
                                : CAPR_OUTSIDE(capr__sys4(SYS_pwrite64, r->fd, (long)r->buf, (long)r->n, r->offset));
        break;
    default:
        job->result = capr__sys1(r->operation == SYNC ? SYS_fsync : SYS_fdatasync, r->fd);
    }
    __atomic_store_n(&r->told, 1, __ATOMIC_RELEASE);
    set(r->cb, job->result);
    __atomic_store_n(&r->told, 2, __ATOMIC_RELEASE);
    if (r->event.sigev_notify == SIGEV_SIGNAL) {
        capr__notify(&r->event, SI_ASYNCIO);
        r->event.sigev_notify = SIGEV_NONE;
    }
}

static void start_ready(int fd);

/* A request has ended; its aiocb says so. On the worker. */
static void ended(struct request *r) {
    *(r->prev ? &r->prev->next : &oldest) = r->next;
    *(r->next ? &r->next->prev : &newest) = r->prev;
    CAPR_SHOW_MORE(capr__process.fd_waiters, -1);
    capr__notify(&r->event, SI_ASYNCIO);
    if (r->group) capr__notify_leave(r->group, SI_ASYNCIO);
    start_ready(r->fd);
    free(r);
    while (capr__wake_one(&suspended)) {
    }
}

static void done(struct capr_job *job) { ended((struct request *)job); }

static int must_wait(const struct request *r) {
    for (const struct request *before = r->prev; before; before = before->prev)
        if (before->fd == r->fd && (r->operation >= SYNC || before->operation >= SYNC ||
                                    (r->operation == before->operation && (r->operation == APPEND || r->stream))))
            return 1;
    return 0;
}

static void start(struct request *r) {
    r->started = 1;
    if (capr__pool_submit(&r->job)) { /* no kernel thread: now, in place, and the rest as ever; not what may wait for ever */
        if (r->stream)
            set(r->cb, -EAGAIN);
        else
            run(&r->job);
        ended(r);
    }
}

static void start_ready(int fd) {
    for (struct request *r = oldest, *next; r; r = next) {
        next = r->next;
        if (r->fd == fd && !r->started && !must_wait(r)) {
            start(r);
            next = oldest; /* it may have ended, and taken others along */
        }
    }
}

static int nothing(void) { return 0; }
static void no_disarm(void) {}
static int known_to_fork;

static void forked(void) {
    oldest = newest = NULL;
    suspended = (struct capr_queue){NULL, NULL};
    known_to_fork = 0;
}

static struct capr_source source = {.collect = nothing, .arm = nothing, .disarm = no_disarm, .forked = forked};

/* Puts a request in. Returns 0 or an errno. */
static int enqueue(struct aiocb *cb, int operation, struct capr_notify_group *g) {
    int ranks = operation != SYNC && operation != DATASYNC; /* POSIX lists no error for the priority of aio_fsync */
    int e = ranks && (cb->aio_reqprio < 0 || cb->aio_reqprio > 20 /* AIO_PRIO_DELTA_MAX */) ? EINVAL : !capr__may_switch() ? EAGAIN : 0;
    struct request *r = e ? NULL : calloc(1, sizeof *r);
    if (!e && !r) e = EAGAIN;
    if (e) {
        set(cb, -e);
        return e;
    }
    if (!known_to_fork) {
        known_to_fork = 1;
        capr__io_source_add(&source);
    }
    int stream = ranks && CAPR_OUTSIDE(capr__sys3(SYS_lseek, cb->aio_fildes, 0, SEEK_CUR)) == -ESPIPE;
    struct capr_fd *f = stream ? capr__fd_get(cb->aio_fildes) : NULL;
    if (f) capr__pair_part(f); /* what kernel threads move is not counted */
    if (operation == WRITE && !stream) {
        long flags = capr__sys2(SYS_fcntl, cb->aio_fildes, F_GETFL);
        if (flags >= 0 && (flags & O_APPEND)) operation = APPEND;
    }
    *r = (struct request){.job = {.run = run, .done = done, .kind = stream ? CAPR_JOB_ENDLESS : CAPR_JOB_DISK},
                          .prev = newest,
                          .cb = cb,
                          .group = g,
                          .event = cb->aio_sigevent,
                          .buf = (void *)cb->aio_buf,
                          .n = cb->aio_nbytes,
                          .offset = cb->aio_offset,
                          .fd = cb->aio_fildes,
                          .operation = (uint8_t)operation,
                          .stream = (uint8_t)stream};
    *(newest ? &newest->next : &oldest) = r;
    newest = r;
    if (g) g->left++;
    cb->__return_value = 0;
    cb->__error_code = EINPROGRESS;
    CAPR_SHOW_MORE(capr__process.fd_waiters, 1); /* the poll loop is to collect */
    if (!must_wait(r)) start(r);
    return 0;
}

static int result(int e) {
    if (!e) return 0;
    errno = e;
    return -1;
}

/* aio_read(3), aio_write(3), aio_fsync(3). Do not block. */
CAPR_INTERPOSE int aio_read(struct aiocb *cb) { CAPR_MONITOR; return result(enqueue(cb, READ, NULL)); }
CAPR_INTERPOSE int aio_write(struct aiocb *cb) { CAPR_MONITOR; return result(enqueue(cb, WRITE, NULL)); }
CAPR_INTERPOSE int aio_fsync(int operation, struct aiocb *cb) {
    CAPR_MONITOR;
    if (operation != O_SYNC && operation != O_DSYNC) return result(EINVAL);
    if (capr__sys2(SYS_fcntl, cb->aio_fildes, F_GETFL) < 0) return result(EBADF);
    return result(enqueue(cb, operation == O_SYNC ? SYNC : DATASYNC, NULL));
}

/* aio_error(3): also gives way, since programs ask in a loop. */
CAPR_INTERPOSE int aio_error(const struct aiocb *cb) {
    CAPR_MONITOR;
    int e = __atomic_load_n(&cb->__error_code, __ATOMIC_ACQUIRE);
    if (e == EINPROGRESS && capr__may_switch()) {
        capr__yield();
        e = __atomic_load_n(&cb->__error_code, __ATOMIC_ACQUIRE);
    }
    return e;
}

CAPR_INTERPOSE ssize_t aio_return(struct aiocb *cb) { return cb->__return_value; }

static int any_ended(const struct aiocb *const list[], int n) {
    int e = 1;
    for (int i = 0; i < n && e; i++)
        if (list[i]) e = __atomic_load_n(&list[i]->__error_code, __ATOMIC_ACQUIRE) == EINPROGRESS;
    return !e;
}

/* Waits for some request to end. 0, EAGAIN at the deadline, EINTR. Without a deadline handlers with SA_RESTART do not end it, as they
 * do not end libc's wait, so that a program may have itself told of each request while it waits for one. */
static int wait_any(uint64_t deadline) {
    struct capr_thread *self = capr__self();
    capr__signals_wait_begin(self, deadline == CAPR_FOREVER ? &capr__wait_restartable : &capr__wait_interruptible);
    capr__queue_push(&suspended, self);
    int timed_out = capr__park_point(deadline);
    int interrupted = capr__signals_wait_end(self);
    return interrupted || capr__cancel_due(self) ? EINTR : timed_out ? EAGAIN : 0;
}

/* aio_suspend(3). Blocks. Cancellation point. */
CAPR_INTERPOSE int aio_suspend(const struct aiocb *const list[], int n, const struct timespec *timeout) {
    CAPR_MONITOR;
    capr__cancel_point();
    uint64_t deadline;
    if (n < 0 || capr__poll_deadline(timeout, &deadline)) return result(EINVAL);
    int e = 0;
    while (!any_ended(list, n) && !e) e = !deadline || !capr__may_switch() ? EAGAIN : wait_any(deadline);
    if (e == EINTR) capr__cancel_point();
    return any_ended(list, n) ? 0 : result(e);
}

/* Whether a request that a kernel thread has begun goes on. The program may have seen how it ended before the worker hears of it, and
 * may then have freed the aiocb. */
static int goes_on(const struct request *r) {
    uint8_t told;
    while ((told = __atomic_load_n(&r->told, __ATOMIC_ACQUIRE)) == 1) capr__sys1(SYS_sched_yield, 0);
    return !told;
}

/* aio_cancel(3): what the pool has not begun. Does not block. */
CAPR_INTERPOSE int aio_cancel(int fd, struct aiocb *cb) {
    CAPR_MONITOR;
    if (capr__sys2(SYS_fcntl, fd, F_GETFL) < 0) return result(EBADF);
    if (cb && cb->aio_fildes != fd) return result(EINVAL);
    int cancelled = 0, left = 0;
    for (struct request *r = oldest, *next; r; r = next) {
        next = r->next;
        if (r->fd != fd || (cb && r->cb != cb)) continue;
        if (r->started && !capr__pool_withdraw(&r->job)) {
            left += goes_on(r);
            continue;
        }
        cancelled++;
        r->started = 1; /* whatever ends meanwhile must not start it */
        set(r->cb, -ECANCELED);
        ended(r);
        next = oldest;
    }
    return left ? AIO_NOTCANCELED : cancelled ? AIO_CANCELED : AIO_ALLDONE;
}

/* lio_listio(3). Blocks with LIO_WAIT, and is then a cancellation point. */
CAPR_INTERPOSE int lio_listio(int mode, struct aiocb *const list[restrict], int n, struct sigevent *restrict event) {
    CAPR_MONITOR;
    if ((mode != LIO_WAIT && mode != LIO_NOWAIT) || n < 0) return result(EINVAL);
    struct capr_notify_group own = {.left = 1, .on_stack = 1, .event = {.sigev_notify = SIGEV_NONE}}, *g = &own;
    if (mode == LIO_NOWAIT) {
        if (!(g = malloc(sizeof *g))) return result(EAGAIN);
        *g = (struct capr_notify_group){.left = 1, .event = {.sigev_notify = SIGEV_NONE}};
        if (event) g->event = *event;
    }
    int failed = 0;
    for (int i = 0; i < n; i++) {
        if (!list[i] || list[i]->aio_lio_opcode == LIO_NOP) continue;
        if (list[i]->aio_lio_opcode == LIO_READ || list[i]->aio_lio_opcode == LIO_WRITE) {
            failed |= enqueue(list[i], list[i]->aio_lio_opcode == LIO_READ ? READ : WRITE, g) != 0;
        } else {
            set(list[i], -EINVAL);
            failed = 1;
        }
    }
    if (mode == LIO_NOWAIT) {
        capr__notify_leave(g, SI_ASYNCIO);
        return failed ? result(EIO) : 0;
    }
    int e = 0;
    while (own.left > 1 && e != EINTR) e = wait_any(CAPR_FOREVER);
    if (own.left > 1) { /* the requests go on without it */
        for (struct request *r = oldest; r; r = r->next)
            if (r->group == g) r->group = NULL;
        capr__cancel_point();
        return result(EINTR);
    }
    for (int i = 0; i < n; i++)
        if (list[i] && list[i]->aio_lio_opcode != LIO_NOP && list[i]->__error_code) failed = 1;
    return failed ? result(EIO) : 0;
}

CAPR_INTERPOSE void aio_init(const struct aioinit *unused) { (void)unused; }

/* The same layout under the other names. */
CAPR_INTERPOSE int aio_read64(struct aiocb64 *cb) { CAPR_MONITOR; return aio_read((struct aiocb *)cb); }
CAPR_INTERPOSE int aio_write64(struct aiocb64 *cb) { CAPR_MONITOR; return aio_write((struct aiocb *)cb); }
CAPR_INTERPOSE int aio_fsync64(int operation, struct aiocb64 *cb) { CAPR_MONITOR; return aio_fsync(operation, (struct aiocb *)cb); }
CAPR_INTERPOSE int aio_error64(const struct aiocb64 *cb) { CAPR_MONITOR; return aio_error((const struct aiocb *)cb); }
CAPR_INTERPOSE ssize_t aio_return64(struct aiocb64 *cb) { return aio_return((struct aiocb *)cb); }
CAPR_INTERPOSE int aio_suspend64(const struct aiocb64 *const list[], int n, const struct timespec *timeout) {
    CAPR_MONITOR;
    return aio_suspend((const struct aiocb *const *)list, n, timeout);
}
CAPR_INTERPOSE int aio_cancel64(int fd, struct aiocb64 *cb) { CAPR_MONITOR; return aio_cancel(fd, (struct aiocb *)cb); }
CAPR_INTERPOSE int lio_listio64(int mode, struct aiocb64 *const list[restrict], int n, struct sigevent *restrict event) {
    CAPR_MONITOR;
    return lio_listio(mode, (struct aiocb *const *)list, n, event);
}
