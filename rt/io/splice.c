/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * splice, tee, vmsplice: tried first where that cannot wait. Else the thread waits until both ends are ready, by the poll loop as
 * for a read, and then makes the call on the pool, since sockets heed no flag of the call's and either end may be a file. A call
 * that would wait all the same, for the second half of what it moves, does so there. Fat code.
 */
#include <fcntl.h>
#include <poll.h>

#include "pair.h"
#include "poll.h"
#include "splice_try.h"
#include "../pool/pool.h"
#include "../proc/signals.h"

static inline int waits(int fd, struct capr_fd *f) {
    return f && f->kind != CAPR_FD_PLAIN && f->kind != CAPR_FD_FILE && !capr__fd_is_nonblock(fd, f);
}

/* Waits until `fd` is ready, if it is something that waits, as a read or a write of it would. 0 or -errno. */
static __attribute__((noinline)) long ready(int fd, short events) {
    struct capr_fd *f = capr__fd_get(fd);
    if (!waits(fd, f)) return 0;
    uint64_t deadline = CAPR_FD_DEADLINE_UNSET;
    for (;;) {
        struct pollfd p = {fd, events, 0};
        capr__fd_heed(f);
        long r = capr__poll(&p, 1, 0, NULL);
        if (r > 0) return 0;
        if (r == 0) r = -capr__fd_wait(fd, f, events == POLLIN ? CAPR_FD_READ : CAPR_FD_WRITE, &deadline);
        if (r < 0) return r;
    }
}

/* What is moved is not counted. */
static inline void part(int fd) {
    struct capr_fd *f = fd >= 0 ? capr__fd_get(fd) : NULL;
    if (f) capr__pair_part(f);
}

static __attribute__((noinline)) ssize_t move(struct capr_job *job, int in, int out, int flags) {
    capr__cancel_point();
    long r;
    if (!capr__may_switch()) {
        r = capr__sys6(job->number, job->arg[0], job->arg[1], job->arg[2], job->arg[3], job->arg[4], job->arg[5]);
        return capr__result(r);
    }
    part(in);
    part(out);
    if (job->number != SYS_vmsplice) {
        r = capr__splice_try(job);
        if (r != -EAGAIN) return capr__result(r);
    }
    do {
        r = flags & SPLICE_F_NONBLOCK || in < 0 ? 0 : ready(in, POLLIN);
        if (!r && !(flags & SPLICE_F_NONBLOCK)) r = ready(out, POLLOUT);
        if (!r) r = capr__pool_run_endless(job, &capr__wait_restartable, 1);
    } while (r == CAPR_POOL_NOBODY);
    if (r == -EINTR) capr__cancel_point();
    return capr__result(r);
}

/* splice(2), tee(2), vmsplice(2). Block. Cancellation points. */
CAPR_INTERPOSE ssize_t splice(int in, off64_t *in_offset, int out, off64_t *out_offset, size_t n, unsigned int flags) {
    CAPR_MONITOR;
    struct capr_job job = {.number = SYS_splice, .arg = {in, (long)in_offset, out, (long)out_offset, (long)n, flags}};
    return move(&job, in, out, (int)flags);
}

CAPR_INTERPOSE ssize_t tee(int in, int out, size_t n, unsigned int flags) {
    CAPR_MONITOR;
    struct capr_job job = {.number = SYS_tee, .arg = {in, out, (long)n, flags}};
    return move(&job, in, out, (int)flags);
}

CAPR_INTERPOSE ssize_t vmsplice(int fd, const struct iovec *iov, size_t count, unsigned int flags) {
    CAPR_MONITOR;
    struct capr_job job = {.number = SYS_vmsplice, .arg = {fd, (long)iov, (long)count, flags}};
    return move(&job, -1, fd, (int)flags);
}
