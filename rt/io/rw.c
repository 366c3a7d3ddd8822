/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * read, write, readv, writev: sockets go to recv and send; pipes and the like are tried with RWF_NOWAIT, which leaves the
 * description's O_NONBLOCK alone; files go to disk/rw.c. Fat code: a blocked read is what most threads of a server
 * are in, so its frames are what a connection costs.
 */
#include "../disk/disk.h"
#include "pair.h"
#include "stream.h"

/* Whether a write filled it. */
static inline int filled(const struct iovec *own) { return own && own->iov_base == &capr__pair_filled; }

/* Reads from a pipe or the like. `own`: the vector, if it is one buffer and not the program's, or NULL. */
static __attribute__((noinline)) ssize_t pipe_readv(int fd, const struct iovec *iov, int count, struct iovec *own) {
    struct capr_fd *f = &capr__fd_table[fd];
    uint64_t deadline = CAPR_FD_DEADLINE_UNSET;
    long r;
    do {
        capr__fd_heed(f);
        if (f->kind == CAPR_FD_NOWAIT && own && capr__pair_empty(f)) { /* of a vector the kernel knows whether it asks for anything */
            r = -EAGAIN;
        } else if (f->kind == CAPR_FD_NOWAIT) {
            capr__handlers_off(); /* what is known of the pipe is to stay true */
            capr__pair_read(f, r = capr__sys6(SYS_preadv2, fd, (long)iov, count, -1, 0, CAPR_RWF_NOWAIT));
            capr__handlers_on();
        } else if (f->kind == CAPR_FD_POLL) {
            r = capr__polled_readv(fd, iov, count);
        } else {
            r = CAPR_OUTSIDE(capr__sys3(SYS_readv, fd, (long)iov, count));
        }
        if (r < 0) capr__pair_offer(f, own);
    } while (r < 0 && capr__fd_again(fd, f, CAPR_FD_READ, &r, &deadline) && !filled(own));
    if (f->kind == CAPR_FD_POLL && deadline != CAPR_FD_DEADLINE_UNSET) {
        if (r == 0) r = capr__polled_end(fd);
        if (r == -EAGAIN) r = 0; /* a terminal's VTIME has passed */
    }
    if (r <= 0 && filled(own)) r = (long)own->iov_len; /* whatever else happened meanwhile, these bytes have been read */
    return capr__fd_end(f, CAPR_FD_READ, r);
}

static __attribute__((noinline)) ssize_t pipe_read(int fd, void *buf, size_t n) {
    struct iovec iov = {buf, n};
    return pipe_readv(fd, &iov, 1, &iov);
}

/* One try. What is known of the pipe stays true, whatever handler comes. */
static long try_write(int fd, struct capr_fd *f, const struct iovec *iov, int count) {
    long r;
    if (f->kind == CAPR_FD_NOWAIT) {
        capr__handlers_off();
        r = capr__sys6(SYS_pwritev2, fd, (long)iov, count, -1, 0, CAPR_RWF_NOWAIT);
        if (r > 0) capr__pair_wrote(f, r);
        capr__handlers_on();
        return r;
    }
    r = f->kind == CAPR_FD_POLL ? capr__polled_writev(fd, iov, count) : CAPR_OUTSIDE(capr__sys3(SYS_writev, fd, (long)iov, count));
    if (r > 0) capr__pair_wrote(f, r);
    return r;
}

/* Writes `n` bytes to a pipe or the like; a descriptor that blocks takes them all. Returns bytes or -errno. At most PIPE_BUF
 * bytes go in one piece: the kernel takes them whole or says EAGAIN. */
static __attribute__((noinline)) long pipe_write_all(int fd, struct capr_fd *f, char *buf, size_t n) {
    struct iovec iov = {buf, n};
    uint64_t deadline = CAPR_FD_DEADLINE_UNSET;
    long r;
    if (capr__pair_give(f, buf, n)) return (long)n;
    do {
        capr__fd_heed(f);
        r = try_write(fd, f, &iov, 1);
        if (r > 0) {
            iov.iov_base = (char *)iov.iov_base + r;
            iov.iov_len -= (size_t)r;
        }
    } while (iov.iov_len && (r > 0 || (r < 0 && capr__fd_again(fd, f, CAPR_FD_WRITE, &r, &deadline))));
    return iov.iov_len < n ? (long)(n - iov.iov_len) : r;
}

static __attribute__((noinline)) ssize_t pipe_write(int fd, const void *buf, size_t n) {
    struct capr_fd *f = &capr__fd_table[fd];
    /* Nothing to write is an error to an eventfd, but not to pwritev2 and writev, which do not ask it. */
    if (n == 0) return capr__result(CAPR_OUTSIDE(capr__sys3(SYS_write, fd, (long)buf, 0)));
    long r = pipe_write_all(fd, f, (char *)(uintptr_t)buf, n);
    return capr__fd_end(f, CAPR_FD_WRITE, r);
}

/* The first try takes the vector as a whole, which keeps up to PIPE_BUF bytes in one piece; what is left goes buffer by buffer. */
static __attribute__((noinline)) ssize_t pipe_writev(int fd, const struct iovec *iov, int count) {
    struct capr_fd *f = &capr__fd_table[fd];
    uint64_t deadline = CAPR_FD_DEADLINE_UNSET;
    long r;
    do {
        capr__fd_heed(f);
        r = try_write(fd, f, iov, count);
    } while (r < 0 && capr__fd_again(fd, f, CAPR_FD_WRITE, &r, &deadline));
    size_t skip = r < 0 ? 0 : (size_t)r;
    for (int i = 0; r > 0 && i < count; i++) {
        size_t len = iov[i].iov_len;
        if (skip >= len) {
            skip -= len;
            continue;
        }
        long more = pipe_write_all(fd, f, (char *)iov[i].iov_base + skip, len - skip);
        if (more > 0) r += more;
        if (more < (long)(len - skip)) break;
        skip = 0;
    }
    return capr__fd_end(f, CAPR_FD_WRITE, r);
}

static __attribute__((noinline)) ssize_t file_rw(int fd, struct capr_fd *f, const void *buf, size_t n, int write) {
    struct iovec iov = {(void *)(uintptr_t)buf, n};
    return capr__result(capr__file_rw(fd, f, &iov, 1, -1, write));
}

/* read(2). Blocks, unless O_NONBLOCK. Cancellation point. */
CAPR_INTERPOSE ssize_t read(int fd, void *buf, size_t n) {
    CAPR_MONITOR;
    capr__cancel_point();
    struct capr_fd *f = capr__fd_get(fd);
    if (__builtin_expect(!f || f->kind >= CAPR_FD_PLAIN || n == 0, 0)) {
        if (f && f->kind == CAPR_FD_FILE && n) return file_rw(fd, f, buf, n, 0);
        return capr__result(CAPR_OUTSIDE(capr__sys3(SYS_read, fd, (long)buf, (long)n)));
    }
    return capr__fd_is_socket(f) ? capr__recv(fd, buf, n, 0, NULL, NULL) : pipe_read(fd, buf, n);
}

/* write(2). Blocks, unless O_NONBLOCK. Cancellation point. */
CAPR_INTERPOSE ssize_t write(int fd, const void *buf, size_t n) {
    CAPR_MONITOR;
    capr__cancel_point();
    struct capr_fd *f = capr__fd_get(fd);
    if (__builtin_expect(!f || f->kind >= CAPR_FD_PLAIN, 0)) {
        if (f && f->kind == CAPR_FD_FILE && n) return file_rw(fd, f, buf, n, CAPR_FILE_WRITE_ONE);
        if (!f) capr__pair_doubt();
        return capr__result(CAPR_OUTSIDE(capr__sys3(SYS_write, fd, (long)buf, (long)n)));
    }
    return capr__fd_is_socket(f) ? capr__send(fd, buf, n, 0, NULL, 0) : pipe_write(fd, buf, n);
}

/* On a socket readv is recvmsg without an address, as in the kernel. */
static __attribute__((noinline)) ssize_t socket_readv(int fd, const struct iovec *iov, int count) {
    struct msghdr msg = {.msg_iov = (struct iovec *)(uintptr_t)iov, .msg_iovlen = (size_t)count};
    return capr__recvmsg(fd, &msg, 0);
}

static __attribute__((noinline)) ssize_t socket_writev(int fd, const struct iovec *iov, int count) {
    struct msghdr msg = {.msg_iov = (struct iovec *)(uintptr_t)iov, .msg_iovlen = (size_t)count};
    return capr__sendmsg(fd, &msg, 0);
}

/* A count that the kernel refuses with EINVAL, where recvmsg would say EMSGSIZE; and the empty read, which it does not start. */
static inline int odd_vector(int count) { return count <= 0 || count > 1024 /* UIO_MAXIOV */; }

/* readv(2). As read. */
CAPR_INTERPOSE ssize_t readv(int fd, const struct iovec *iov, int count) {
    CAPR_MONITOR;
    capr__cancel_point();
    struct capr_fd *f = capr__fd_get(fd);
    if (__builtin_expect(!f || f->kind >= CAPR_FD_PLAIN || odd_vector(count), 0)) {
        if (f && f->kind == CAPR_FD_FILE && !odd_vector(count)) return capr__result(capr__file_rw(fd, f, iov, count, -1, 0));
        return capr__result(CAPR_OUTSIDE(capr__sys3(SYS_readv, fd, (long)iov, count)));
    }
    return capr__fd_is_socket(f) ? socket_readv(fd, iov, count) : pipe_readv(fd, iov, count, NULL);
}

/* writev(2). As write. */
CAPR_INTERPOSE ssize_t writev(int fd, const struct iovec *iov, int count) {
    CAPR_MONITOR;
    capr__cancel_point();
    struct capr_fd *f = capr__fd_get(fd);
    if (__builtin_expect(!f || f->kind >= CAPR_FD_PLAIN || odd_vector(count), 0)) {
        if (f && f->kind == CAPR_FD_FILE && !odd_vector(count)) return capr__result(capr__file_rw(fd, f, iov, count, -1, 1));
        if (!f) capr__pair_doubt();
        return capr__result(CAPR_OUTSIDE(capr__sys3(SYS_writev, fd, (long)iov, count)));
    }
    return capr__fd_is_socket(f) ? socket_writev(fd, iov, count) : pipe_writev(fd, iov, count);
}

/* eventfd_read(3), eventfd_write(3). As read and write. */
CAPR_INTERPOSE int eventfd_read(int fd, uint64_t *value) { return read(fd, value, sizeof *value) == sizeof *value ? 0 : -1; }
CAPR_INTERPOSE int eventfd_write(int fd, uint64_t value) { return write(fd, &value, sizeof value) == sizeof value ? 0 : -1; }

/* What _FORTIFY_SOURCE makes of read: `room` is the buffer's size. */
extern _Noreturn void __chk_fail(void);

CAPR_INTERPOSE ssize_t __read_chk(int fd, void *buf, size_t n, size_t room) {
    CAPR_MONITOR;
    if (n > room) __chk_fail();
    return read(fd, buf, n);
}
