/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The calls that make, copy, change and close descriptors: they keep the records true and otherwise pass to the kernel. Plain
 * code: none of them gives way to other threads. (close of a lingering socket may stop the worker.)
 */
#include "fd.h"
#include "pair.h"
#include "source.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/timerfd.h>

/* Our own epoll set and eventfd are invisible: a daemon that closes all it may have inherited must not close them. */
static int is_internal(int fd) {
    return fd >= 0 && (fd == capr__process.epoll_fd || fd == capr__process.wake_fd) && capr__worker.self;
}

/* Notes a descriptor that a call of ours made. */
static int made(long fd, int kind, int flags) {
    if (fd >= 0) capr__fd_fresh((int)fd, kind, flags);
    return (int)capr__result(fd);
}

static int socket_kind(int domain, int type, int protocol) {
    type &= 0xf;
    if (type == SOCK_STREAM && (domain == AF_INET || domain == AF_INET6) && (protocol == 0 || protocol == IPPROTO_TCP))
        return CAPR_FD_TCP;
    return type == SOCK_STREAM ? CAPR_FD_STREAM : type == SOCK_DGRAM && domain == AF_UNIX ? CAPR_FD_UNIX_DGRAM : CAPR_FD_DGRAM;
}

static int nonblock_flag(int flags) { return flags & O_NONBLOCK ? CAPR_FD_NONBLOCK : 0; }
static_assert(SOCK_NONBLOCK == O_NONBLOCK && EFD_NONBLOCK == O_NONBLOCK && TFD_NONBLOCK == O_NONBLOCK, "one flag for all");

/* socket(2). Does not block. */
CAPR_INTERPOSE int socket(int domain, int type, int protocol) {
    CAPR_MONITOR;
    return made(capr__sys3(SYS_socket, domain, type, protocol), socket_kind(domain, type, protocol), nonblock_flag(type));
}

/* socketpair(2). Does not block. */
CAPR_INTERPOSE int socketpair(int domain, int type, int protocol, int pair[2]) {
    CAPR_MONITOR;
    long r = capr__sys4(SYS_socketpair, domain, type, protocol, (long)pair);
    for (int i = 0; r >= 0 && i < 2; i++) capr__fd_fresh(pair[i], socket_kind(domain, type, protocol), nonblock_flag(type));
    return (int)capr__result(r);
}

/* pipe2(2), pipe(2). Do not block. */
CAPR_INTERPOSE int pipe2(int pair[2], int flags) {
    CAPR_MONITOR;
    long r = capr__sys2(SYS_pipe2, (long)pair, flags);
    for (int i = 0; r >= 0 && i < 2; i++) {
        capr__fd_fresh(pair[i], CAPR_FD_NOWAIT, nonblock_flag(flags));
        struct capr_fd *f = capr__fd_find(pair[i]);
        if (f) capr__fd_count_as(f, CAPR_KIND_PIPE);
    }
    if (r >= 0 && !(flags & ~(O_CLOEXEC | O_NONBLOCK))) capr__pair_made(pair);
    return (int)capr__result(r);
}

CAPR_INTERPOSE int pipe(int pair[2]) { return pipe2(pair, 0); }

/* eventfd(2), timerfd_create(2). Do not block. */
CAPR_INTERPOSE int eventfd(unsigned int value, int flags) {
    CAPR_MONITOR;
    return made(capr__sys2(SYS_eventfd2, value, flags), CAPR_FD_NOWAIT, nonblock_flag(flags));
}

CAPR_INTERPOSE int timerfd_create(int clock, int flags) {
    CAPR_MONITOR;
    return made(capr__sys2(SYS_timerfd_create, clock, flags), CAPR_FD_NOWAIT, nonblock_flag(flags));
}

/* close(2). Threads that wait for the descriptor return with EBADF. Cancellation point. */
CAPR_INTERPOSE int close(int fd) {
    CAPR_MONITOR;
    capr__cancel_point();
    if (is_internal(fd)) return (int)capr__result(-EBADF);
    capr__fd_forget(fd);
    return (int)capr__result(capr__sys1(SYS_close, fd));
}

/* close_range(2), closefrom(3): descriptors of ours stay open. */
CAPR_INTERPOSE int close_range(unsigned int first, unsigned int last, int flags) {
    CAPR_MONITOR;
    if (first <= last && !(flags & CLOSE_RANGE_CLOEXEC))
        for (unsigned int i = first; i <= last && i < capr__fd_count; i++)
            if (!is_internal((int)i) && (capr__fd_table[i].flags || capr__fd_table[i].kind)) capr__fd_forget((int)i);
    const struct capr_worker *w = &capr__worker;
    int ours[2] = {capr__process.epoll_fd < capr__process.wake_fd ? capr__process.epoll_fd : capr__process.wake_fd, capr__process.epoll_fd < capr__process.wake_fd ? capr__process.wake_fd : capr__process.epoll_fd};
    for (int i = 0; i < 2; i++) {
        unsigned int inner = (unsigned int)ours[i];
        if (!w->self || ours[i] < 0 || inner < first || inner > last) continue;
        long r = inner > first ? capr__sys3(SYS_close_range, first, inner - 1, flags) : 0;
        if (r < 0 || inner == last) return (int)capr__result(r);
        first = inner + 1;
    }
    return (int)capr__result(capr__sys3(SYS_close_range, first, last, flags));
}

CAPR_INTERPOSE void closefrom(int first) { close_range(first < 0 ? 0 : (unsigned int)first, ~0u, 0); }

CAPR_HIDDEN void capr__fd_copied(int from, int to) {
    struct capr_fd *f = capr__fd_find(from);
    if (!f) return;
    capr__fd_shared(from);
    int kept = CAPR_FD_SHARED | CAPR_FD_NONBLOCK | CAPR_FD_FLIPPED | CAPR_FD_RCVTIMEO | CAPR_FD_SNDTIMEO;
    int counted = f->counted;
    capr__fd_fresh(to, f->flags & CAPR_FD_OWNED ? f->kind : CAPR_FD_UNKNOWN, f->flags & kept);
    struct capr_fd *copy = capr__fd_find(to);
    if (copy && counted) capr__fd_count_as(copy, counted - 1);
}

/* dup(2), dup2(2), dup3(2). Threads that wait for the descriptor that dup2 closes return with EBADF. */
CAPR_INTERPOSE int dup(int from) {
    CAPR_MONITOR;
    long r = capr__sys1(SYS_dup, from);
    if (r >= 0) capr__fd_copied(from, (int)r);
    return (int)capr__result(r);
}

static int dup_to(int from, int to, int flags) {
    if (is_internal(from)) return (int)capr__result(-EBADF);
    if (is_internal(to) && to == capr__process.wake_fd) {
        if (capr__io_wake_fd_move(to) < 0) return (int)capr__result(-EBUSY);
    } else if (is_internal(to)) { /* the program wants our number: the set moves, its entries go with it */
        long moved = capr__sys3(SYS_fcntl, to, F_DUPFD_CLOEXEC, to + 1);
        if (moved < 0) return (int)capr__result(-EBUSY);
        capr__process.epoll_fd = (int)moved;
    }
    if (capr__sys2(SYS_fcntl, from, F_GETFD) >= 0) capr__fd_forget(to);
    long r = capr__sys3(SYS_dup3, from, to, flags);
    if (r >= 0) capr__fd_copied(from, to);
    return (int)capr__result(r);
}

CAPR_INTERPOSE int dup2(int from, int to) {
    CAPR_MONITOR;
    if (from == to) /* dup3 refuses it, dup2 only looks whether it is open */
        return capr__sys2(SYS_fcntl, from, F_GETFD) >= 0 ? to : (int)capr__result(-EBADF);
    return dup_to(from, to, 0);
}

CAPR_INTERPOSE int dup3(int from, int to, int flags) {
    CAPR_MONITOR;
    if (from == to) return (int)capr__result(-EINVAL);
    return dup_to(from, to, flags);
}

/* setsockopt(2): remembers whether there is a timeout. */
CAPR_INTERPOSE int setsockopt(int fd, int level, int option, const void *value, socklen_t size) {
    CAPR_MONITOR;
    long r = capr__sys6(SYS_setsockopt, fd, level, option, (long)value, size, 0);
    int flag = option == SO_RCVTIMEO ? CAPR_FD_RCVTIMEO : option == SO_SNDTIMEO ? CAPR_FD_SNDTIMEO : 0;
    if (r >= 0 && level == SOL_SOCKET && flag && size >= sizeof(struct timeval)) {
        const struct timeval *tv = value;
        struct capr_fd *f = capr__fd_find(fd);
        if (f) f->flags = tv->tv_sec || tv->tv_usec ? f->flags | (uint8_t)flag : f->flags & (uint8_t)~flag;
    }
    /* Protocols on top of TCP (TLS in the kernel) hand out records: a short read says nothing there. */
    if (r >= 0 && level == IPPROTO_TCP && option == TCP_ULP) {
        struct capr_fd *f = capr__fd_find(fd);
        if (f && f->kind == CAPR_FD_TCP) f->kind = CAPR_FD_STREAM;
    }
    return (int)capr__result(r);
}
