/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Calls that have no form which never waits: made once poll says that they would not (terminals, pipes of kernels before 6.4,
 * listeners that came from elsewhere), or with O_NONBLOCK where the description is ours alone (accept.c, connect.c, sendfile.c).
 * Another process may take the bytes between poll and the call; then the worker waits, which docs/limits.md owns up to. Threads
 * of this process can't come between: nothing here gives way, or leaves the monitor (CAPR_HELD). Plain code.
 */
#include "stream.h"

#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/stat.h>

/* It waits for nothing, and yet the kernel ends it for a signal, which is no reason for the call that looks to end. */
CAPR_HIDDEN long capr__polled_look(struct pollfd *p) {
    struct timespec now = {0, 0};
    long r;
    do r = capr__sys6(SYS_ppoll, (long)p, 1, (long)&now, 0, 0, 0);
    while (r == -EINTR);
    return r;
}

static long ready(int fd, int events) {
    struct pollfd p = {fd, (short)events, 0};
    long r = capr__polled_look(&p);
    return r > 0 ? 0 : r == 0 ? -EAGAIN : r;
}

/* Nothing is there to be read, poll says. What a read would be told at once all the same comes first: that it may not read, or asks
 * for nothing. RWF_NOWAIT, which the kernel refuses here (fd.h), it refuses only after that. And a fifo that nobody has opened for
 * writing since we opened it with O_NONBLOCK is at its end, of which poll tells nothing. */
static long read_nothing(int fd, const struct iovec *iov, int count) {
    struct stat st;
    struct capr_fd *f = &capr__fd_table[fd];
    long r = capr__sys6(SYS_preadv2, fd, (long)iov, count, -1, 0, CAPR_RWF_NOWAIT);
    if (r >= 0 || r == -EBADF || r == -EFAULT) return r;
    if (capr__fd_is_nonblock(fd, f)) return CAPR_OUTSIDE(capr__sys3(SYS_readv, fd, (long)iov, count));
    if ((f->flags & (CAPR_FD_OWNED | CAPR_FD_SHARED)) != CAPR_FD_OWNED) return -EAGAIN; /* others would see the flag */
    if (capr__sys2(SYS_fstat, fd, (long)&st) < 0 || !S_ISFIFO(st.st_mode)) return -EAGAIN;
    long status = capr__sys2(SYS_fcntl, fd, F_GETFL);
    if (status < 0 || capr__sys3(SYS_fcntl, fd, F_SETFL, status | O_NONBLOCK) < 0) return -EAGAIN;
    r = capr__sys3(SYS_readv, fd, (long)iov, count); /* inside: the flag is everybody's */
    capr__sys3(SYS_fcntl, fd, F_SETFL, status);
    return r;
}

CAPR_HIDDEN long capr__polled_readv(int fd, const struct iovec *iov, int count) {
    long r = capr__terminal_turn(fd);
    if (r) return r;
    r = ready(fd, POLLIN);
    if (r == -EAGAIN) return read_nothing(fd, iov, count);
    return r ? r : CAPR_HELD(capr__sys3(SYS_readv, fd, (long)iov, count));
}

CAPR_HIDDEN long capr__polled_writev(int fd, const struct iovec *iov, int count) {
    long r = ready(fd, POLLOUT);
    if (r) return r;
    /* A pipe that is ready has a free page: PIPE_BUF bytes fit, and no more is certain. Of a terminal nothing is. */
    struct iovec piece[8];
    size_t room = PIPE_BUF;
    int n = 0;
    for (int i = 0; i < count && n < 8 && room; i++) {
        size_t len = iov[i].iov_len < room ? iov[i].iov_len : room;
        piece[n++] = (struct iovec){iov[i].iov_base, len};
        room -= len;
    }
    struct stat st;
    if (capr__sys2(SYS_fstat, fd, (long)&st) < 0 || !S_ISFIFO(st.st_mode)) return CAPR_OUTSIDE(capr__sys3(SYS_writev, fd, (long)piece, n));
    return CAPR_HELD(capr__sys3(SYS_writev, fd, (long)piece, n));
}

/* Makes a listener that is ours alone O_NONBLOCK behind the program's back. Returns whether it is so now. */
static int flip(int fd, struct capr_fd *f) {
    if ((f->flags & (CAPR_FD_OWNED | CAPR_FD_SHARED | CAPR_FD_NONBLOCK | CAPR_FD_FLIPPED)) != CAPR_FD_OWNED) return 0;
    long status = capr__sys2(SYS_fcntl, fd, F_GETFL);
    if (status < 0 || capr__sys3(SYS_fcntl, fd, F_SETFL, status | O_NONBLOCK) < 0) return 0;
    f->flags |= CAPR_FD_FLIPPED;
    return 1;
}

/* listen(2). Does not block. Now and not at the first accept, since a pre-forked server's processes all come to accept from here. */
CAPR_INTERPOSE int listen(int fd, int backlog) {
    CAPR_MONITOR;
    long r = capr__sys2(SYS_listen, fd, backlog);
    struct capr_fd *f = r < 0 ? NULL : capr__fd_find(fd);
    if (f && capr__fd_is_socket(f)) flip(fd, f);
    return (int)capr__result(r);
}

CAPR_HIDDEN long capr__polled_accept(int fd, struct capr_fd *f, struct sockaddr *addr, socklen_t *len, int flags) {
    long r = flip(fd, f) ? 0 : ready(fd, POLLIN);
    return r ? r : CAPR_HELD(capr__sys4(SYS_accept4, fd, (long)addr, (long)len, flags));
}

CAPR_HIDDEN long capr__accept_ended(int fd, struct capr_fd *f) {
    struct pollfd p = {fd, POLLRDHUP, 0};
    if (capr__fd_is_nonblock(fd, f)) return -EAGAIN;
    return capr__polled_look(&p) > 0 && (p.revents & (POLLHUP | POLLRDHUP)) ? -EINVAL : -EAGAIN;
}

CAPR_HIDDEN long capr__connect_start(int fd, struct capr_fd *f, const struct sockaddr *addr, socklen_t len) {
    long status = capr__sys2(SYS_fcntl, fd, F_GETFL);
    if (status < 0 || !capr__fd_is_socket(f)) return CAPR_OUTSIDE(capr__sys3(SYS_connect, fd, (long)addr, len));
    if (!(status & O_NONBLOCK)) capr__sys3(SYS_fcntl, fd, F_SETFL, status | O_NONBLOCK);
    long r = capr__sys3(SYS_connect, fd, (long)addr, len);
    if (!(status & O_NONBLOCK)) capr__sys3(SYS_fcntl, fd, F_SETFL, status);
    return r;
}

static long take_error(int fd) {
    int error = 0;
    socklen_t size = sizeof error;
    long r = capr__sys6(SYS_getsockopt, fd, SOL_SOCKET, SO_ERROR, (long)&error, (long)&size, 0);
    return r < 0 ? r : -error;
}

/* TCP keeps, beside the connection's state, that a connect is under way until some connect has seen how it ended: only then is
 * the next one EISCONN, or a new try. That call would begin a new try itself, and wait for it, where another thread has seen the
 * end already or has shut the socket down; so it is made only where there is a connection, and a failure is put away by
 * AF_UNSPEC. Neither waits. */
static long tcp_finish(int fd, const struct sockaddr *addr, socklen_t len) {
    uint8_t state = TCP_CLOSE; /* the first byte of struct tcp_info */
    socklen_t size = sizeof state;
    long r = capr__sys6(SYS_getsockopt, fd, IPPROTO_TCP, TCP_INFO, (long)&state, (long)&size, 0);
    if (r < 0) return r;
    if (state == TCP_SYN_SENT || state == TCP_SYN_RECV) return -EINPROGRESS;
    if (state != TCP_CLOSE) {
        r = CAPR_OUTSIDE(capr__sys3(SYS_connect, fd, (long)addr, len));
        return r == -EISCONN ? 0 : r; /* another thread that waited for it came first */
    }
    struct sockaddr nobody = {.sa_family = AF_UNSPEC};
    r = take_error(fd);
    CAPR_OUTSIDE(capr__sys3(SYS_connect, fd, (long)&nobody, sizeof nobody));
    return r ? r : -ECONNABORTED; /* as the kernel says where the error has gone to somebody else */
}

CAPR_HIDDEN long capr__connect_finish(int fd, struct capr_fd *f, const struct sockaddr *addr, socklen_t len) {
    if (f->kind == CAPR_FD_TCP) return tcp_finish(fd, addr, len);
    /* An edge from before the call says nothing: only a socket that can be written, or has failed, is through. */
    return ready(fd, POLLOUT) ? -EINPROGRESS : take_error(fd);
}

/* Bytes of a piece that is sent on poll's word alone: most of what a socket has free when poll says that it has room. */
#define POLLED_PIECE 16384

CAPR_HIDDEN long capr__sendfile_try(int out, struct capr_fd *f, int in, off_t *offset, size_t count) {
    if (capr__fd_is_nonblock(out, f)) return CAPR_OUTSIDE(capr__sys4(SYS_sendfile, out, in, (long)offset, (long)count));
    if ((f->flags & (CAPR_FD_OWNED | CAPR_FD_SHARED)) == CAPR_FD_OWNED) {
        long status = capr__sys2(SYS_fcntl, out, F_GETFL);
        if (status >= 0 && capr__sys3(SYS_fcntl, out, F_SETFL, status | O_NONBLOCK) >= 0) {
            long r = capr__sys4(SYS_sendfile, out, in, (long)offset, (long)count); /* inside: the flag is everybody's */
            capr__sys3(SYS_fcntl, out, F_SETFL, status);
            return r;
        }
    }
    long r = ready(out, POLLOUT);
    return r ? r : CAPR_HELD(capr__sys4(SYS_sendfile, out, in, (long)offset, (long)(count < POLLED_PIECE ? count : POLLED_PIECE)));
}
