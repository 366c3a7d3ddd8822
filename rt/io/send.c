/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Sending to sockets: tries with MSG_DONTWAIT and waits on EAGAIN. A blocking send on a stream takes all its bytes, as in the
 * kernel: what is left after a partial try goes on from there, and an error then ends the call with the count so far and without
 * SIGPIPE (the next call meets it). Fat code; write on a socket ends up here by a tail call.
 */
#include "stream.h"

#define SYS_SEND(fd, buf, n, flags, addr, len)                                                                                     \
    CAPR_OUTSIDE(capr__sys6(SYS_sendto, fd, (long)(buf), (long)(n), (flags) | MSG_DONTWAIT, (long)(addr), (long)(len)))

/* Sends the rest of a stream's bytes, some of the call's being sent already. Returns what it sent. */
static __attribute__((noinline)) size_t send_rest(int fd, struct capr_fd *f, const char *buf, size_t n, int flags) {
    uint64_t deadline = CAPR_FD_DEADLINE_UNSET;
    size_t done = 0;
    long r;
    do {
        capr__fd_heed(f);
        r = SYS_SEND(fd, buf + done, n - done, flags | MSG_NOSIGNAL, 0, 0);
        if (r > 0) done += (size_t)r;
    } while (done < n && (r > 0 || (r < 0 && capr__fd_again(fd, f, CAPR_FD_WRITE, &r, &deadline))));
    return done;
}

CAPR_HIDDEN ssize_t capr__send(int fd, const void *buf, size_t n, int flags, const struct sockaddr *addr, socklen_t addr_len) {
    struct capr_fd *f = &capr__fd_table[fd];
    uint64_t deadline = CAPR_FD_DEADLINE_UNSET;
    long r;
    do {
        capr__fd_heed(f);
        r = SYS_SEND(fd, buf, n, flags, addr, addr_len);
    } while (r < 0 && !(flags & MSG_DONTWAIT) && capr__fd_again(fd, f, CAPR_FD_WRITE, &r, &deadline));
    if (__builtin_expect(r >= 0 && (size_t)r < n && capr__fd_is_stream(f) && !(flags & MSG_DONTWAIT), 0))
        r += (long)send_rest(fd, f, (const char *)buf + r, n - (size_t)r, flags);
    return capr__fd_end(f, CAPR_FD_WRITE, r);
}

static inline int not_ours(const struct capr_fd *f) { return !f || !capr__fd_is_socket(f); }

/* send(2). Blocks, unless MSG_DONTWAIT or O_NONBLOCK. Cancellation point. */
CAPR_INTERPOSE ssize_t send(int fd, const void *buf, size_t n, int flags) {
    CAPR_MONITOR;
    capr__cancel_point();
    if (not_ours(capr__fd_get(fd))) return capr__result(CAPR_OUTSIDE(capr__sys6(SYS_sendto, fd, (long)buf, (long)n, flags, 0, 0)));
    return capr__send(fd, buf, n, flags, NULL, 0);
}

/* sendto(2). As send. */
CAPR_INTERPOSE ssize_t sendto(int fd, const void *buf, size_t n, int flags, const struct sockaddr *addr, socklen_t len) {
    CAPR_MONITOR;
    capr__cancel_point();
    if (not_ours(capr__fd_get(fd))) return capr__result(CAPR_OUTSIDE(capr__sys6(SYS_sendto, fd, (long)buf, (long)n, flags, (long)addr, len)));
    return capr__send(fd, buf, n, flags, addr, len);
}

/* Descriptors in `msg` get a second holder. */
static __attribute__((noinline)) void share_passed(const struct msghdr *msg) {
    for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR((struct msghdr *)msg, c)) {
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS) continue;
        const int *fds = (const int *)CMSG_DATA(c);
        size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t i = 0; i < count; i++) {
            struct capr_fd *f = capr__fd_get(fds[i]);
            if (f) {
                capr__fd_unflip(fds[i], f);
                capr__fd_shared(fds[i]);
            }
        }
    }
}

CAPR_HIDDEN ssize_t capr__sendmsg(int fd, const struct msghdr *msg, int flags) {
    struct capr_fd *f = &capr__fd_table[fd];
    uint64_t deadline = CAPR_FD_DEADLINE_UNSET;
    long r;
    if (msg && msg->msg_control && msg->msg_controllen) share_passed(msg);
    do {
        capr__fd_heed(f);
        r = CAPR_OUTSIDE(capr__sys3(SYS_sendmsg, fd, (long)msg, flags | MSG_DONTWAIT));
    } while (r < 0 && !(flags & MSG_DONTWAIT) && capr__fd_again(fd, f, CAPR_FD_WRITE, &r, &deadline));

    /* A stream's partial send goes on buffer by buffer: no copy of the vector is needed, and the control data has gone with the
     * first bytes. */
    if (r >= 0 && capr__fd_is_stream(f) && !(flags & MSG_DONTWAIT)) {
        size_t skip = (size_t)r;
        for (size_t i = 0; i < msg->msg_iovlen; i++) {
            size_t len = msg->msg_iov[i].iov_len;
            if (skip >= len) {
                skip -= len;
                continue;
            }
            size_t sent = send_rest(fd, f, (const char *)msg->msg_iov[i].iov_base + skip, len - skip, flags);
            r += (long)sent;
            if (sent < len - skip) break;
            skip = 0;
        }
    }
    return capr__fd_end(f, CAPR_FD_WRITE, r);
}

/* sendmsg(2). As send. */
CAPR_INTERPOSE ssize_t sendmsg(int fd, const struct msghdr *msg, int flags) {
    CAPR_MONITOR;
    capr__cancel_point();
    if (not_ours(capr__fd_get(fd))) return capr__result(CAPR_OUTSIDE(capr__sys3(SYS_sendmsg, fd, (long)msg, flags)));
    return capr__sendmsg(fd, msg, flags);
}

/* sendmmsg(2). As send; returns the number of messages sent, -1 if that is none. */
CAPR_INTERPOSE int sendmmsg(int fd, struct mmsghdr *list, unsigned int count, int flags) {
    CAPR_MONITOR;
    capr__cancel_point();
    if (not_ours(capr__fd_get(fd))) return (int)capr__result(CAPR_OUTSIDE(capr__sys4(SYS_sendmmsg, fd, (long)list, count, flags)));
    unsigned int i;
    int before = *capr__worker.err;
    for (i = 0; i < count; i++) {
        ssize_t r = capr__sendmsg(fd, &list[i].msg_hdr, flags);
        if (r < 0) break;
        list[i].msg_len = (unsigned int)r;
    }
    if (i) *capr__worker.err = before;
    return i ? (int)i : count ? -1 : 0;
}
