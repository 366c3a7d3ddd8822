/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * What the transfer calls share: the tries that never wait, and how a call ends. Inlined into fat code.
 */
#ifndef CAPR_IO_STREAM_H
#define CAPR_IO_STREAM_H

#include <sys/socket.h>
#include <sys/uio.h>

#include "fd.h"

#define CAPR_RWF_NOWAIT 8

/* Ends a call on `f`: lets the next waiter look, acts on a cancellation that cut the wait short, sets errno. */
CAPR_INLINE long capr__fd_end(struct capr_fd *f, int direction, long result) {
    capr__fd_done(f, direction);
    if (__builtin_expect(result == -EINTR, 0)) capr__cancel_point();
    return capr__result(result);
}

/* True if the call is to be made again after `r` (-errno) of a try: it waited, or the kind was wrong. Else *r is the result. */
CAPR_INLINE int capr__fd_again(int fd, struct capr_fd *f, int direction, long *r, uint64_t *deadline) {
    if (__builtin_expect(*r == -EAGAIN, 1)) {
        int e = capr__fd_wait(fd, f, direction, deadline);
        *r = -e;
        return e == 0;
    }
    return *r == -EOPNOTSUPP && capr__fd_correct(f);
}

/* recv.c, send.c: the calls of that name on a descriptor whose record is known. */
CAPR_HIDDEN ssize_t capr__recv(int fd, void *buf, size_t n, int flags, struct sockaddr *addr, socklen_t *addr_len);
CAPR_HIDDEN ssize_t capr__recvmsg(int fd, struct msghdr *msg, int flags);
CAPR_HIDDEN ssize_t capr__send(int fd, const void *buf, size_t n, int flags, const struct sockaddr *addr, socklen_t addr_len);
CAPR_HIDDEN ssize_t capr__sendmsg(int fd, const struct msghdr *msg, int flags);

/* polled.c (plain): asks poll, then makes the plain call if it would not wait: bytes, or -errno. */
CAPR_HIDDEN long capr__polled_readv(int fd, const struct iovec *iov, int count);
CAPR_HIDDEN long capr__polled_writev(int fd, const struct iovec *iov, int count);

/* polled.c (plain): poll of one descriptor, without a wait. As poll(2), or -errno. */
struct pollfd;
CAPR_HIDDEN long capr__polled_look(struct pollfd *p);

/* terminal_read.c (plain): 0 where a read of this terminal is up to this process at present, else what it is told: -EIO; -EINTR, the
 * thread has run a handler; -EAGAIN: it is to wait. May stop the process. Anything but a terminal: 0. */
CAPR_HIDDEN long capr__terminal_turn(int fd);

/* The same: what a read that has waited returns when it then meets the end: 0, or -EIO. */
CAPR_HIDDEN long capr__polled_end(int fd);

#endif
