/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Receiving from sockets: tries with MSG_DONTWAIT, which leaves the description's O_NONBLOCK alone, and waits on EAGAIN. Fat code;
 * read on a socket ends up here by a tail call.
 */
#include "stream.h"

#include <time.h>

#define SYS_RECV(fd, buf, n, flags, addr, len)                                                                                     \
    CAPR_OUTSIDE(capr__sys6(SYS_recvfrom, fd, (long)(buf), (long)(n), (flags) | MSG_DONTWAIT, (long)(addr), (long)(len)))

/* MSG_WAITALL on a stream: as many bytes as asked for, unless the peer or an error ends it. With MSG_PEEK the kernel too looks
 * anew each time, so there nothing is added up: the first bytes are taken. Few ask for it, so that a thread that waits in read is
 * not to have room for it. */
static CAPR_CHECKPOINT __attribute__((noinline)) long recv_all(int fd, struct capr_fd *f, char *buf, size_t n, int flags) {
    uint64_t deadline = CAPR_FD_DEADLINE_UNSET;
    size_t done = 0;
    long r;
    do {
        capr__fd_heed(f);
        r = SYS_RECV(fd, buf + done, n - done, flags & ~MSG_WAITALL, 0, 0);
        if (r > 0) done += (size_t)r;
    } while (done < n && (r > 0 || (r < 0 && capr__fd_again(fd, f, CAPR_FD_READ, &r, &deadline))));
    return done ? (long)done : r;
}

/* A receive with no other flags takes what there is: EAGAIN means that there is nothing. */
#define TAKES (MSG_DONTWAIT | MSG_NOSIGNAL | MSG_CMSG_CLOEXEC)

/* True where nobody else reads and events will come. */
static inline int trusted(const struct capr_fd *f) {
    return (f->flags & (CAPR_FD_OWNED | CAPR_FD_SHARED | CAPR_FD_REGISTERED | CAPR_FD_NONBLOCK)) ==
           (CAPR_FD_OWNED | CAPR_FD_REGISTERED);
}

CAPR_HIDDEN ssize_t capr__recv(int fd, void *buf, size_t n, int flags, struct sockaddr *addr, socklen_t *addr_len) {
    struct capr_fd *f = &capr__fd_table[fd];
    uint64_t deadline = CAPR_FD_DEADLINE_UNSET;
    long r;
    if (__builtin_expect((flags & MSG_WAITALL) && !(flags & (MSG_PEEK | MSG_DONTWAIT | MSG_ERRQUEUE)) && capr__fd_is_stream(f),
                         0)) {
        r = recv_all(fd, f, buf, n, flags);
        return capr__fd_end(f, CAPR_FD_READ, r);
    }
    /* A connection that was read empty and has had no event since has nothing: a server that waits for the next request saves the
     * call that would say so. What came meanwhile is an event that the poll loop finds. */
    if (f->drained && flags == 0 && trusted(f)) {
        r = -EAGAIN;
        goto wait;
    }
    do {
        capr__fd_heed(f);
        r = SYS_RECV(fd, buf, n, flags, addr, addr_len);
        f->empty = r == -EAGAIN && !(flags & ~TAKES) && capr__fd_is_stream(f) && !f->hung_up && !capr__fd_stirred(f);
    wait:;
    } while (r < 0 && !(flags & (MSG_DONTWAIT | MSG_ERRQUEUE)) && capr__fd_again(fd, f, CAPR_FD_READ, &r, &deadline));
    if (flags == 0) f->drained = f->kind == CAPR_FD_TCP && r > 0 && (size_t)r < n && !f->hung_up && trusted(f) && !capr__fd_stirred(f);
    return capr__fd_end(f, CAPR_FD_READ, r);
}

/* True where the socket calls below are to be made by the kernel as they are: no record, or no socket (it says ENOTSOCK). */
static inline int not_ours(const struct capr_fd *f) { return !f || !capr__fd_is_socket(f); }

/* recv(2). Blocks, unless MSG_DONTWAIT or O_NONBLOCK. Cancellation point. */
CAPR_INTERPOSE ssize_t recv(int fd, void *buf, size_t n, int flags) {
    CAPR_MONITOR;
    capr__cancel_point();
    if (not_ours(capr__fd_get(fd))) return capr__result(CAPR_OUTSIDE(capr__sys6(SYS_recvfrom, fd, (long)buf, (long)n, flags, 0, 0)));
    return capr__recv(fd, buf, n, flags, NULL, NULL);
}

/* recvfrom(2). As recv. */
CAPR_INTERPOSE ssize_t recvfrom(int fd, void *restrict buf, size_t n, int flags, struct sockaddr *restrict addr,
                                socklen_t *restrict len) {
    CAPR_MONITOR;
    capr__cancel_point();
    if (not_ours(capr__fd_get(fd)))
        return capr__result(CAPR_OUTSIDE(capr__sys6(SYS_recvfrom, fd, (long)buf, (long)n, flags, (long)addr, (long)len)));
    return capr__recv(fd, buf, n, flags, addr, len);
}

/* The kernel fills in msg_namelen, msg_controllen and msg_flags only when it succeeds, so a try that fails may be repeated. */
CAPR_HIDDEN ssize_t capr__recvmsg(int fd, struct msghdr *msg, int flags) {
    struct capr_fd *f = &capr__fd_table[fd];
    uint64_t deadline = CAPR_FD_DEADLINE_UNSET;
    long r;
    do {
        capr__fd_heed(f);
        r = CAPR_OUTSIDE(capr__sys3(SYS_recvmsg, fd, (long)msg, flags | MSG_DONTWAIT));
    } while (r < 0 && !(flags & (MSG_DONTWAIT | MSG_ERRQUEUE)) && capr__fd_again(fd, f, CAPR_FD_READ, &r, &deadline));

    /* The rest of a MSG_WAITALL on a stream, buffer by buffer. */
    if (__builtin_expect((flags & MSG_WAITALL) && !(flags & (MSG_PEEK | MSG_DONTWAIT)) && r > 0 && capr__fd_is_stream(f), 0)) {
        size_t skip = (size_t)r;
        for (size_t i = 0; i < msg->msg_iovlen; i++) {
            size_t len = msg->msg_iov[i].iov_len;
            if (skip >= len) {
                skip -= len;
                continue;
            }
            long more = recv_all(fd, f, (char *)msg->msg_iov[i].iov_base + skip, len - skip, flags);
            if (more > 0) r += more;
            if (more < (long)(len - skip)) break;
            skip = 0;
        }
    }
    return capr__fd_end(f, CAPR_FD_READ, r);
}

/* recvmsg(2). As recv. Descriptors that a peer passes are unknown numbers, which are looked at when they are used. */
CAPR_INTERPOSE ssize_t recvmsg(int fd, struct msghdr *msg, int flags) {
    CAPR_MONITOR;
    capr__cancel_point();
    if (not_ours(capr__fd_get(fd))) return capr__result(CAPR_OUTSIDE(capr__sys3(SYS_recvmsg, fd, (long)msg, flags)));
    return capr__recvmsg(fd, msg, flags);
}

/* recvmmsg(2): the timeout is looked at after each message, as the kernel does. Blocks. Cancellation point. */
CAPR_INTERPOSE int recvmmsg(int fd, struct mmsghdr *list, unsigned int count, int flags, struct timespec *timeout) {
    CAPR_MONITOR;
    capr__cancel_point();
    if (not_ours(capr__fd_get(fd)))
        return (int)capr__result(CAPR_OUTSIDE(capr__sys6(SYS_recvmmsg, fd, (long)list, count, flags, (long)timeout, 0)));
    if (timeout && (timeout->tv_sec < 0 || timeout->tv_nsec < 0 || timeout->tv_nsec > 999999999)) return (int)capr__result(-EINVAL);
    uint64_t end = timeout ? capr__now() + (uint64_t)timeout->tv_sec * 1000000000u + (uint64_t)timeout->tv_nsec : CAPR_FOREVER;
    unsigned int i;
    int before = *capr__worker.err;
    for (i = 0; i < count; i++) {
        ssize_t r = capr__recvmsg(fd, &list[i].msg_hdr, flags & ~MSG_WAITFORONE);
        if (r < 0) break;
        list[i].msg_len = (unsigned int)r;
        if (flags & MSG_WAITFORONE) flags |= MSG_DONTWAIT;
        if (timeout && capr__now() >= end) {
            i++;
            break;
        }
    }
    if (i) *capr__worker.err = before; /* what ended it is the next call's to say */
    return i ? (int)i : count ? -1 : 0;
}

/* What _FORTIFY_SOURCE makes of recv and recvfrom: `room` is the buffer's size. */
extern _Noreturn void __chk_fail(void);

CAPR_INTERPOSE ssize_t __recv_chk(int fd, void *buf, size_t n, size_t room, int flags) {
    CAPR_MONITOR;
    if (n > room) __chk_fail();
    return recv(fd, buf, n, flags);
}

CAPR_INTERPOSE ssize_t __recvfrom_chk(int fd, void *restrict buf, size_t n, size_t room, int flags, struct sockaddr *restrict addr,
                                      socklen_t *restrict len) {
    CAPR_MONITOR;
    if (n > room) __chk_fail();
    return recvfrom(fd, buf, n, flags, addr, len);
}
