/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * accept has no form that never waits, and asking poll first leaves a gap in which another process of a pre-forked server may
 * take the connection; the worker with all its threads would then stand still until the next one comes. So a listener of ours is
 * made O_NONBLOCK behind the program's back when it begins to listen (fcntl shows the program its own view; dup and fork keep it,
 * exec and SCM_RIGHTS undo it). While no other process can hold it that saves the poll too: one system call per connection. Listeners
 * that we were handed stay as they are, poll is asked, and the gap remains.
 *
 * Where the process has no descriptor left the connection is not taken off the backlog, and waits better there than in a program that
 * most likely tries again at once: under the scheduler `resource` a call that would wait for a connection waits for a descriptor too,
 * for a second at most. Fat code.
 */
#include "stream.h"

#include "../sched/limits.h"
#include "../sched/policy.h"
#include "../sync/wait.h"

#define PATIENCE 1000000000ull /* ns */
#define OTHERS_EVERY 16        /* calls */

/* polled.c (plain): one try on a listener whose O_NONBLOCK is not known to be set. -EAGAIN if no connection is there. */
CAPR_HIDDEN long capr__polled_accept(int fd, struct capr_fd *f, struct sockaddr *addr, socklen_t *len, int flags);

/* polled.c (plain): what EAGAIN means on a listener that an event has called hung up: -EINVAL if it was shut down and the program
 * wants to wait. A Unix listener, unlike a TCP one, tells that to calls that wait and to no others. */
CAPR_HIDDEN long capr__accept_ended(int fd, struct capr_fd *f);

/* Returns 0 when it is time to say *r. */
static __attribute__((noinline)) int wait_for_descriptor(int fd, struct capr_fd *f, long *r, unsigned *round, uint64_t *until) {
    if (!capr__policy_admits || !capr__may_switch() || (f->flags & CAPR_FD_RCVTIMEO) || capr__fd_is_nonblock(fd, f)) return 0;
    if (!*round) *until = capr__now() + PATIENCE;
    uint32_t generation = f->generation;
    if (capr__poll_wait(round, *until, 1)) return 0;
    if (f->generation != generation) *r = -EBADF; /* closed meanwhile */
    return f->generation == generation;
}

/* A call that may wait lets others go first now and then, also where a connection is there, and each time while something is scarce, so that the
 * scheduler decides about each: while many wait in the backlog none of these calls would wait, and a thread would take a great part of all
 * descriptors in one turn. */
static inline void let_others_go_first(int fd) {
    static unsigned calls;
    if (!capr__policy_admits || !(capr__worker.policy || capr__limits_near || ++calls % OTHERS_EVERY == 0)) return;
    struct capr_fd *f = capr__fd_get(fd);
    if (f && capr__fd_is_socket(f) && capr__may_give_way() && !capr__fd_is_nonblock(fd, f)) capr__yield();
}

/* accept4(2). Blocks, unless O_NONBLOCK. Cancellation point. */
CAPR_INTERPOSE int accept4(int fd, struct sockaddr *restrict addr, socklen_t *restrict len, int flags) {
    CAPR_MONITOR;
    let_others_go_first(fd);
    capr__cancel_point();
    struct capr_fd *f = capr__fd_get(fd);
    if (__builtin_expect(!f || !capr__fd_is_socket(f), 0))
        return (int)capr__result(CAPR_OUTSIDE(capr__sys4(SYS_accept4, fd, (long)addr, (long)len, flags)));
    uint64_t deadline = CAPR_FD_DEADLINE_UNSET, patience;
    unsigned round = 0;
    long r;
    int kind, timeouts;
    do {
        capr__fd_heed(f);
        kind = f->kind, timeouts = f->flags & (CAPR_FD_RCVTIMEO | CAPR_FD_SNDTIMEO); /* outside, the number may become another's */
        if ((f->flags & (CAPR_FD_OWNED | CAPR_FD_SHARED)) == CAPR_FD_OWNED && (f->flags & (CAPR_FD_FLIPPED | CAPR_FD_NONBLOCK)))
            r = CAPR_OUTSIDE(capr__sys4(SYS_accept4, fd, (long)addr, (long)len, flags));
        else
            r = capr__polled_accept(fd, f, addr, len, flags);
        if (__builtin_expect(r == -EAGAIN && f->hung_up, 0)) r = capr__accept_ended(fd, f);
    } while (r < 0 && (r == -EMFILE ? wait_for_descriptor(fd, f, &r, &round, &patience) : capr__fd_again(fd, f, CAPR_FD_READ, &r, &deadline)));
    if (r >= 0) /* a new socket has its listener's type and timeouts */
        capr__fd_fresh((int)r, kind, timeouts | (flags & SOCK_NONBLOCK ? CAPR_FD_NONBLOCK : 0));
    return (int)capr__fd_end(f, CAPR_FD_READ, r);
}

/* accept(2). As accept4. */
CAPR_INTERPOSE int accept(int fd, struct sockaddr *restrict addr, socklen_t *restrict len) { return accept4(fd, addr, len, 0); }
