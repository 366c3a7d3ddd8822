/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Makes and keeps the records of descriptors: classifies a number at its first use, registers it with epoll at its first wait,
 * forgets it when it is closed. Plain code: it runs on the big stack and may not give way, so the caller sees a record change
 * only here. What it costs a connection's life is one epoll_ctl; a closed descriptor leaves the epoll set by itself, unless
 * others hold the description, in which case its entry would outlive the number and has to be deleted.
 */
#include "fd.h"
#include "net_poll.h"
#include "pair.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>

/* Records that the table has at least, and at most: 64 MiB and 1 GiB of addresses, of which only the pages in use become memory.
 * The kernel's own default ceiling (fs.nr_open) is the lower figure; a higher number is served by plain system calls. */
#define FD_TABLE_LEAST (1u << 20)
#define FD_TABLE_MOST (1u << 24)

CAPR_HIDDEN struct capr_fd *capr__fd_table;
CAPR_HIDDEN uint32_t capr__fd_count;
CAPR_HIDDEN uint64_t capr__fd_stirs;
CAPR_HIDDEN volatile int capr__fd_sweep_wanted;

/* One more than the highest number that ever had a record: bounds the walks over all of them. */
CAPR_HIDDEN uint32_t capr__fd_high;

static void table_make(void) {
    struct rlimit limit = {0, 0};
    capr__sys4(SYS_prlimit64, 0, RLIMIT_NOFILE, 0, (long)&limit);
    uint64_t count = limit.rlim_max < FD_TABLE_LEAST  ? FD_TABLE_LEAST
                     : limit.rlim_max > FD_TABLE_MOST ? FD_TABLE_MOST
                                                      : limit.rlim_max;
    /* Under a limit on address space a small table is better than none. */
    for (; count >= 1024; count /= 2) {
        long p = capr__sys6(SYS_mmap, 0, (long)(count * sizeof(struct capr_fd)), PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (!capr__is_error(p)) {
            capr__fd_table = (struct capr_fd *)p;
            capr__fd_count = (uint32_t)count;
            return;
        }
    }
}

CAPR_HIDDEN struct capr_fd *capr__fd_find(int fd) {
    if (!capr__fd_count && capr__may_switch()) table_make();
    if ((uint32_t)fd >= capr__fd_count) return NULL;
    if ((uint32_t)fd >= capr__fd_high) capr__fd_high = (uint32_t)fd + 1;
    return &capr__fd_table[fd];
}

static int socket_option(int fd, int option) {
    int value = 0;
    socklen_t size = sizeof value;
    capr__sys6(SYS_getsockopt, fd, SOL_SOCKET, option, (long)&value, (long)&size, 0);
    return value;
}

static int classify(int fd, struct capr_fd *f, mode_t mode) {
    switch (mode & S_IFMT) {
    case S_IFSOCK: {
        int type = socket_option(fd, SO_TYPE);
        if (type == SOCK_STREAM) return socket_option(fd, SO_PROTOCOL) == IPPROTO_TCP ? CAPR_FD_TCP : CAPR_FD_STREAM;
        return type == SOCK_DGRAM && socket_option(fd, SO_DOMAIN) == AF_UNIX ? CAPR_FD_UNIX_DGRAM : CAPR_FD_DGRAM;
    }
    case S_IFIFO:
    case 0: /* an anonymous inode: eventfd, timerfd, signalfd, epoll, ... */
        return CAPR_FD_NOWAIT;
    case S_IFCHR: /* a terminal can wait, /dev/null can't: epoll knows which */
        f->kind = CAPR_FD_POLL;
        return capr__fd_register(fd, f) == EPERM ? CAPR_FD_PLAIN : CAPR_FD_POLL;
    case S_IFREG:
    case S_IFBLK:
        return CAPR_FD_FILE;
    default:
        return CAPR_FD_PLAIN;
    }
}

/* Whether a file of this mode may have been classified as `kind`. */
static int fits(int kind, mode_t mode) {
    switch (mode & S_IFMT) {
    case S_IFSOCK:
        return kind != CAPR_FD_UNKNOWN && kind <= CAPR_FD_UNIX_DGRAM;
    case S_IFIFO:
    case 0:
        return kind == CAPR_FD_NOWAIT || kind == CAPR_FD_POLL;
    case S_IFCHR:
        return kind == CAPR_FD_POLL || kind == CAPR_FD_PLAIN;
    case S_IFREG:
    case S_IFBLK:
        return kind == CAPR_FD_FILE;
    default:
        return kind == CAPR_FD_PLAIN;
    }
}

CAPR_HIDDEN void capr__fd_count_as(struct capr_fd *f, int kind) {
    struct capr_use *use = &capr__worker.use;
    if (f->counted) {
        use->files--;
        use->kinds[f->counted - 1]--;
    }
    f->counted = (unsigned)(kind + 1) & 7;
    if (f->counted) {
        use->files++;
        use->kinds[kind]++;
    }
}

/* CAPR_KIND_* of a file of this mode. */
static int count_kind(mode_t mode) {
    switch (mode & S_IFMT) {
    case S_IFSOCK:
        return CAPR_KIND_SOCKET;
    case S_IFIFO:
        return CAPR_KIND_PIPE;
    case 0:
        return CAPR_KIND_OTHER;
    default:
        return CAPR_KIND_FILE;
    }
}

CAPR_HIDDEN struct capr_fd *capr__fd_learn(int fd) {
    struct capr_fd *f = capr__fd_find(fd);
    if (!f || (f->kind != CAPR_FD_UNKNOWN && (f->flags & CAPR_FD_OWNED))) return f;
    struct stat st;
    if (capr__sys2(SYS_fstat, fd, (long)&st) < 0) return NULL; /* EBADF: the plain call will say so */
    if (f->kind != CAPR_FD_UNKNOWN && !fits(f->kind, st.st_mode)) /* it stands for something else than last time */
        capr__fd_forget(fd);
    if (f->kind == CAPR_FD_UNKNOWN) {
        capr__fd_count_as(f, count_kind(st.st_mode)); /* made elsewhere, and known from here on; or opened by a path */
        f->kind = (uint8_t)classify(fd, f, st.st_mode);
    }
    if (f->kind != CAPR_FD_FILE) return f;
    uint64_t file = (uint64_t)st.st_ino * 0x9e3779b97f4a7c15u + (uint64_t)st.st_dev;
    if (file != f->file) f->disk = 0;
    f->file = file;
    return f;
}

CAPR_HIDDEN int capr__fd_correct(struct capr_fd *f) {
    if (f->kind != CAPR_FD_NOWAIT) return 0;
    f->kind = CAPR_FD_POLL;
    return 1;
}

/* Wakes every thread that waits for the descriptor; each finds the generation changed. */
static void wake_all(struct capr_fd *f) {
    while (capr__wake_one(&f->queue[CAPR_FD_READ])) {
    }
    while (capr__wake_one(&f->queue[CAPR_FD_WRITE])) {
    }
    struct capr_watch *next;
    for (struct capr_watch *w = f->watches; w; w = next) {
        next = w->next;
        w->next = w->prev = NULL;
        w->fd = -1;
        if (w->thread->state == CAPR_PARKED) capr__ready(w->thread);
    }
    f->watches = NULL;
}

static int has_waiters(const struct capr_fd *f) {
    return f->queue[CAPR_FD_READ].head || f->queue[CAPR_FD_WRITE].head || f->watches;
}

CAPR_HIDDEN void capr__fd_forget(int fd) {
    if ((uint32_t)fd >= capr__fd_high) return;
    struct capr_fd *f = &capr__fd_table[fd];
    uint8_t flags = f->flags;
    /* Not OWNED: the number may be registered without our knowing, with an old generation, and then nobody minds. */
    if ((flags & CAPR_FD_REGISTERED) && (flags & (CAPR_FD_SHARED | CAPR_FD_OWNED)) != CAPR_FD_OWNED && capr__process.epoll_fd >= 0) {
        capr__sys4(SYS_epoll_ctl, capr__process.epoll_fd, EPOLL_CTL_DEL, fd, 0);
        CAPR_SHOW_MORE(capr__worker.count.epoll_ctl, 1);
    }
    capr__pair_part(f);
    capr__fd_count_as(f, CAPR_KIND_NONE);
    f->generation++;
    capr__fd_stirs++;
    f->kind = CAPR_FD_UNKNOWN;
    f->file = 0;
    f->flags = f->disk = 0;
    f->drained = f->hung_up = f->empty = 0;
    f->position_used = 0;
    if (!has_waiters(f)) return;
    if (capr__may_switch()) {
        wake_all(f);
    } else { /* a signal handler may have interrupted whoever is at work on these queues */
        f->flags = CAPR_FD_CLOSING;
        capr__fd_sweep_wanted = 1;
    }
}

CAPR_HIDDEN void capr__fd_sweep(void) {
    capr__fd_sweep_wanted = 0;
    for (uint32_t i = 0; i < capr__fd_high; i++) {
        if (capr__fd_table[i].flags & CAPR_FD_CLOSING) {
            capr__fd_table[i].flags &= (uint8_t)~CAPR_FD_CLOSING;
            wake_all(&capr__fd_table[i]);
        }
    }
}

/* The record of a number that has just been given out, with nothing of its past. */
static struct capr_fd *renewed(int fd) {
    struct capr_fd *f = capr__fd_find(fd);
    if (!f) return NULL;
    if (f->kind != CAPR_FD_UNKNOWN || f->flags || has_waiters(f)) { /* closed behind our back: it is in no epoll set any more */
        f->flags &= (uint8_t)~CAPR_FD_REGISTERED;
        capr__fd_forget(fd);
    }
    return f;
}

CAPR_HIDDEN void capr__fd_made_by_libc(int fd, int kind) {
    struct capr_fd *f = renewed(fd);
    if (f) capr__fd_count_as(f, kind);
}

CAPR_HIDDEN void capr__fd_fresh(int fd, int kind, int flags) {
    struct capr_fd *f = renewed(fd);
    if (!f) return;
    f->kind = (uint8_t)kind;
    capr__fd_count_as(f, kind == CAPR_FD_UNKNOWN ? CAPR_KIND_FILE : kind == CAPR_FD_NOWAIT ? CAPR_KIND_OTHER : CAPR_KIND_SOCKET);
    f->flags |= (uint8_t)(flags | CAPR_FD_OWNED);
}

/* True where the cached flags of the description can be trusted. */
static int knows(const struct capr_fd *f) { return (f->flags & (CAPR_FD_OWNED | CAPR_FD_SHARED)) == CAPR_FD_OWNED; }

CAPR_HIDDEN int capr__fd_is_nonblock(int fd, struct capr_fd *f) {
    if (knows(f) || (f->flags & CAPR_FD_FLIPPED)) return (f->flags & CAPR_FD_NONBLOCK) != 0;
    long status = capr__sys2(SYS_fcntl, fd, F_GETFL);
    return status >= 0 && (status & O_NONBLOCK);
}

CAPR_HIDDEN void capr__fd_unflip(int fd, struct capr_fd *f) {
    if (!(f->flags & CAPR_FD_FLIPPED)) return;
    f->flags &= (uint8_t)~CAPR_FD_FLIPPED;
    long status = capr__sys2(SYS_fcntl, fd, F_GETFL);
    if (status >= 0 && !(f->flags & CAPR_FD_NONBLOCK)) capr__sys3(SYS_fcntl, fd, F_SETFL, status & ~O_NONBLOCK);
}

CAPR_HIDDEN void capr__fd_shared(int fd) {
    struct capr_fd *f = capr__fd_find(fd);
    if (!f) return;
    f->flags |= CAPR_FD_SHARED;
    capr__pair_part(f);
}

CAPR_HIDDEN void capr__fd_all_shared(void) {
    for (uint32_t i = 0; i < capr__fd_high; i++)
        if (capr__fd_table[i].flags & CAPR_FD_OWNED) {
            capr__fd_table[i].flags |= CAPR_FD_SHARED;
            capr__pair_part(&capr__fd_table[i]);
        }
}

CAPR_HIDDEN void capr__fd_fork_child(void) {
    for (uint32_t i = 0; i < capr__fd_high; i++) {
        struct capr_fd *f = &capr__fd_table[i];
        if (f->flags & (CAPR_FD_REGISTERED | CAPR_FD_CLOSING)) f->flags &= (uint8_t)~(CAPR_FD_REGISTERED | CAPR_FD_CLOSING);
        f->drained = f->empty = 0;
        f->position_used = 0;
        if (has_waiters(f)) {
            f->queue[CAPR_FD_READ] = f->queue[CAPR_FD_WRITE] = (struct capr_queue){NULL, NULL};
            f->watches = NULL;
        }
    }
}

/* Whether what is executed next would find our O_NONBLOCK on it. */
static int hands_on_flipped(uint32_t fd, const struct capr_fd *f) {
    return (f->flags & CAPR_FD_FLIPPED) && !(capr__sys2(SYS_fcntl, (long)fd, F_GETFD) & FD_CLOEXEC);
}

CAPR_HIDDEN void capr__fd_before_exec(void) {
    for (uint32_t i = 0; i < capr__fd_high; i++) {
        struct capr_fd *f = &capr__fd_table[i];
        if (hands_on_flipped(i, f)) capr__fd_unflip((int)i, f);
    }
}

CAPR_HIDDEN void capr__fd_before_spawn(void) {
    for (uint32_t i = 0; i < capr__fd_high; i++) {
        struct capr_fd *f = &capr__fd_table[i];
        capr__pair_part(f);
        if (!hands_on_flipped(i, f)) continue;
        f->flags |= CAPR_FD_SHARED;
        capr__fd_unflip((int)i, f);
    }
}

CAPR_HIDDEN int capr__fd_register(int fd, struct capr_fd *f) {
    if (capr__net_polls()) return capr__net_register(fd, f);
    int set = capr__io_epoll_fd();
    if (set < 0) return -set;
    struct epoll_event event = {EPOLLIN | EPOLLOUT | EPOLLPRI | EPOLLRDHUP | EPOLLET,
                                {.u64 = (uint64_t)f->generation << 32 | (uint32_t)fd}};
    CAPR_SHOW_MORE(capr__worker.count.epoll_ctl, 1);
    long r = capr__sys4(SYS_epoll_ctl, set, EPOLL_CTL_ADD, fd, (long)&event);
    if (r == -EEXIST) { /* with what generation we can't know; this also reports what is ready now */
        CAPR_SHOW_MORE(capr__worker.count.epoll_ctl, 1);
        r = capr__sys4(SYS_epoll_ctl, set, EPOLL_CTL_MOD, fd, (long)&event);
    }
    if (r < 0) return (int)-r;
    f->flags |= CAPR_FD_REGISTERED;
    return 0;
}

/* SO_RCVTIMEO or SO_SNDTIMEO as a deadline from now. */
static uint64_t socket_deadline(int fd, int direction) {
    struct timeval tv = {0, 0};
    socklen_t size = sizeof tv;
    long r = capr__sys6(SYS_getsockopt, fd, SOL_SOCKET, direction == CAPR_FD_READ ? SO_RCVTIMEO : SO_SNDTIMEO, (long)&tv,
                        (long)&size, 0);
    if (r < 0 || (tv.tv_sec == 0 && tv.tv_usec == 0)) return CAPR_FOREVER;
    uint64_t now = capr__now(), ns;
    if (__builtin_mul_overflow((uint64_t)tv.tv_sec, 1000000000ull, &ns) ||
        __builtin_add_overflow(ns, (uint64_t)tv.tv_usec * 1000, &ns) || __builtin_add_overflow(ns, now, &ns))
        return CAPR_FOREVER;
    return ns;
}

CAPR_HIDDEN int capr__fd_prepare(int fd, struct capr_fd *f, int direction, uint64_t *deadline) {
    if (capr__fd_is_nonblock(fd, f)) return EAGAIN;
    if (f->kind == CAPR_FD_POLL && direction == CAPR_FD_READ) capr__terminal_waits = 1;
    if (*deadline == CAPR_FD_DEADLINE_UNSET) {
        int flag = direction == CAPR_FD_READ ? CAPR_FD_RCVTIMEO : CAPR_FD_SNDTIMEO;
        if (f->kind == CAPR_FD_POLL && direction == CAPR_FD_READ)
            *deadline = capr__polled_deadline(fd);
        else
            *deadline = capr__fd_is_socket(f) && (!knows(f) || (f->flags & flag)) ? socket_deadline(fd, direction) : CAPR_FOREVER;
    }
    int error = 0;
    if ((f->flags & (CAPR_FD_OWNED | CAPR_FD_REGISTERED)) != (CAPR_FD_OWNED | CAPR_FD_REGISTERED)) error = capr__fd_register(fd, f);
    switch (error) {
    case 0:
        return f->kind == CAPR_FD_UNIX_DGRAM && direction == CAPR_FD_WRITE ? CAPR_FD_BY_TIME : 0;
    case EBADF:
        return EBADF;
    case EPERM:
        f->kind = CAPR_FD_PLAIN;
        return CAPR_FD_AGAIN;
    default: /* no descriptor or memory for epoll: look again from time to time */
        return CAPR_FD_BY_TIME;
    }
}
