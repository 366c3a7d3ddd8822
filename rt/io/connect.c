/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * connect on a blocking socket. The kernel has no flag for one call that must not wait, so O_NONBLOCK is set around it: the socket
 * is ours and nobody else holds it, or else the plain call is made and the worker waits. Nothing gives way while the flag is
 * set, so the program can't see it. Fat code, the system calls in plain code.
 */
#include "../proc/signals.h"
#include "stream.h"

#include <fcntl.h>
#include <poll.h>

/* polled.c */
CAPR_HIDDEN long capr__connect_start(int fd, struct capr_fd *f, const struct sockaddr *addr, socklen_t len);
CAPR_HIDDEN long capr__connect_finish(int fd, struct capr_fd *f, const struct sockaddr *addr, socklen_t len);

/* connect(2). Blocks, unless O_NONBLOCK. Cancellation point. Interrupted by a signal it goes on in the background, as POSIX
 * says. */
CAPR_INTERPOSE int connect(int fd, const struct sockaddr *addr, socklen_t len) {
    CAPR_MONITOR;
    capr__cancel_point();
    struct capr_fd *f = capr__fd_get(fd);
    if (!f || (f->flags & (CAPR_FD_OWNED | CAPR_FD_SHARED | CAPR_FD_NONBLOCK)) != CAPR_FD_OWNED)
        return (int)capr__result(CAPR_OUTSIDE(capr__sys3(SYS_connect, fd, (long)addr, len)));
    uint64_t deadline = CAPR_FD_DEADLINE_UNSET;
    uint64_t pause = CAPR_FD_RETRY_NS;
    long r;
    while (capr__fd_heed(f), (r = capr__connect_start(fd, f, addr, len)) == -EAGAIN) {
        /* A Unix socket whose listener's queue is full, of which no event tells when it has room. */
        int e = deadline == CAPR_FD_DEADLINE_UNSET ? capr__fd_prepare(fd, f, CAPR_FD_WRITE, &deadline) : 0;
        uint64_t soon = capr__now() + pause;
        if (e <= 0) {
            struct capr_thread *self = capr__self();
            capr__signals_wait_begin(self, deadline == CAPR_FOREVER ? &capr__wait_restartable : &capr__wait_interruptible);
            capr__fd_waiter_begin(self);
            capr__park_point(soon < deadline ? soon : deadline);
            capr__fd_waiter_end(self);
            if (capr__signals_wait_end(self) || capr__cancel_due(self)) e = EINTR;
        }
        if (e > 0) {
            r = -e;
            break;
        }
        if (soon >= deadline && capr__now() >= deadline) break; /* SO_SNDTIMEO: EAGAIN stays */
        if (pause < 16 * CAPR_FD_RETRY_NS) pause *= 2;
    }
    /* A connect while an earlier one is under way waits for that, as in the kernel, which tells them apart when time is up. */
    long late = r == -EALREADY ? r : -EINPROGRESS;
    if (r == late) r = -EINPROGRESS;
    while (r == -EINPROGRESS) {
        int e = capr__fd_wait(fd, f, CAPR_FD_WRITE, &deadline);
        if (e) {
            r = e == EAGAIN ? late : -e;
            break;
        }
        capr__fd_heed(f);
        r = capr__connect_finish(fd, f, addr, len);
    }
    return (int)capr__fd_end(f, CAPR_FD_WRITE, r);
}
