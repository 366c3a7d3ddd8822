/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A record for each descriptor number: what it is, who waits for it, and what we know that the kernel would have to be asked
 * for. The table is an array that the kernel fills with zero pages as numbers come into use, so that "nothing known" is all
 * zero and a look-up is one addition.
 *
 * Numbers are reused, and libraries open and close descriptors behind our back (fopen, getaddrinfo). So what a record says is
 * trusted only as far as its origin allows:
 *   - OWNED: made by a call of ours (socket, accept, pipe, open, dup, ...), hence closed by a call of ours too, since nobody
 *     else knows the number: everything cached is true.
 *   - not OWNED (inherited, passed by a peer, made inside libc): each call asks fstat whether it still is what it was, and each
 *     wait registers it anew.
 *   - SHARED: others may hold the same open description (dup, fork, SCM_RIGHTS): its O_NONBLOCK and its timeouts may change at
 *     any time, so they are asked for before each wait.
 */
#ifndef CAPR_IO_FD_H
#define CAPR_IO_FD_H

#include "../sched/sched.h"
#include "../thread/cancel.h"
#include "syscalls.h"

enum capr_fd_kind {
    CAPR_FD_UNKNOWN,
    CAPR_FD_TCP,     /* a stream of which a short read means that nothing is left */
    CAPR_FD_STREAM,  /* other sockets that carry bytes: a short count is continued */
    CAPR_FD_DGRAM,   /* socket that carries messages */
    CAPR_FD_UNIX_DGRAM, /* no event tells an unconnected sender that its receiver has room again: waits are retried by time */
    CAPR_FD_NOWAIT,  /* pipe, fifo, eventfd, ...: preadv2 and pwritev2 with RWF_NOWAIT */
    CAPR_FD_POLL,    /* terminal, or a kernel whose pipes refuse RWF_NOWAIT: asked by poll first */
    CAPR_FD_PLAIN,   /* directory, /dev/null: never waited for */
    CAPR_FD_FILE,    /* regular file, block device: no event tells, but a disk may be waited for (disk/) */
};

enum capr_fd_flags {
    CAPR_FD_OWNED = 1,
    CAPR_FD_SHARED = 2,
    CAPR_FD_REGISTERED = 4, /* in the worker's epoll set with this record's generation */
    CAPR_FD_NONBLOCK = 8,   /* O_NONBLOCK as the program set it; true only if OWNED and not SHARED */
    CAPR_FD_FLIPPED = 16,   /* O_NONBLOCK is set, by us and not by the program, which must not see it */
    CAPR_FD_RCVTIMEO = 32,  /* SO_RCVTIMEO is not 0; true only if OWNED and not SHARED */
    CAPR_FD_SNDTIMEO = 64,
    CAPR_FD_CLOSING = 128,  /* closed by a signal handler: the poll loop wakes the waiters */
};

/* A wait without an event is cut into pieces of this many ns: short against what a peer notices, long against a system call. */
#define CAPR_FD_RETRY_NS 1000000u

enum capr_fd_direction { CAPR_FD_READ, CAPR_FD_WRITE };

/* One descriptor that a thread in poll waits for. */
struct capr_watch {
    struct capr_watch *next, *prev; /* in the descriptor's list */
    struct capr_thread *thread;
    int fd;
    uint32_t events; /* EPOLL* bits that wake it, */
    uint32_t got;    /* and those that have, if it is the descriptor's only one */
};

/* One cache line. Owner: the worker. */
struct capr_fd {
    uint8_t kind;               /* enum capr_fd_kind */
    uint8_t flags;              /* enum capr_fd_flags */
    uint8_t drained : 1;        /* the last read took all that was there, and no event has said that more came */
    uint8_t hung_up : 1;        /* an event has told of an end or an error: the next read finds it, no event tells again */
    uint8_t listed : 1;         /* a pipe's reading end: on the list of pair.c */
    uint8_t wakes : 5;          /* of the same: threads woken by writes since it is REGISTERED, up to CAPR_PAIR_WAKES */
    uint8_t disk;               /* enum capr_disk_bits (disk/disk.h), of a FILE; 0: not asked yet */
    uint32_t generation;        /* goes up when the number is closed or made anew: events and waits of the past don't match */
    struct capr_queue queue[2]; /* waiting readers, waiting writers */
    struct capr_watch *watches; /* waiting polls */
    uint32_t events : 28;       /* that the poll loop has taken: with several workers it may do so between a try and the wait */
    uint32_t empty : 1;         /* the last receive said EAGAIN, and no event has told of anything since */
    uint32_t counted : 3;       /* among worker.use.files, as this CAPR_KIND_* plus 1; 0: it is not */
    union {
        uint32_t position_used; /* of a FILE: calls on the pool that use the description's position, and hold the kernel's lock on it */
        uint32_t waiter;        /* of a pipe's reading end: capr__pair_offer's mark of a thread; or 0 */
    };
    union {
        uint64_t file;          /* of a FILE that is not OWNED: device and inode, mixed, that `disk` was asked for */
        struct {                /* of a NOWAIT (pair.h) */
            uint32_t peer;      /* the other end of a pipe that is only ours, plus 1; or 0 */
            uint32_t level;     /* of its reading end: bytes in the pipe, as far as we know; of its writing end: 1 */
        };
    };
};
static_assert(sizeof(struct capr_fd) == 64, "the table's records fill a cache line each");

CAPR_INLINE int capr__fd_is_stream(const struct capr_fd *f) { return f->kind == CAPR_FD_TCP || f->kind == CAPR_FD_STREAM; }
CAPR_INLINE int capr__fd_is_socket(const struct capr_fd *f) { return f->kind != CAPR_FD_UNKNOWN && f->kind <= CAPR_FD_UNIX_DGRAM; }

extern CAPR_HIDDEN struct capr_fd *capr__fd_table;
extern CAPR_HIDDEN uint32_t capr__fd_count; /* records; 0 until the first call */
extern CAPR_HIDDEN uint32_t capr__fd_high;  /* one more than the highest number that ever had a record */

/* The record of `fd`, or NULL where the caller is to make the plain system call: no record can exist for the number, or nothing
 * may switch here. The kind may be UNKNOWN. */
CAPR_HIDDEN struct capr_fd *capr__fd_find(int fd);

/* The same with a known kind; NULL also when no such descriptor is open. Plain code, which asks the kernel. */
CAPR_HIDDEN struct capr_fd *capr__fd_learn(int fd);

/* Events that the poll loop has taken and numbers that were closed, of all descriptors. */
extern CAPR_HIDDEN uint64_t capr__fd_stirs;

/* With several workers a try of a call runs outside the monitor: what the descriptor was, and had had of events, when the try began.
 * In `wait_data`, which means something else only while the thread waits. */
static inline uint64_t capr__fd_mark(const struct capr_fd *f) { return (uint64_t)f->generation << 32 | f->events; }
static inline void capr__fd_heed(const struct capr_fd *f) {
    if (__builtin_expect(capr__many, 0)) capr__worker.self->wait_data = (void *)capr__fd_mark(f);
}

/* Whether events have come since. */
static inline int capr__fd_stirred(const struct capr_fd *f) {
    return __builtin_expect(capr__many, 0) && (uint64_t)capr__worker.self->wait_data != capr__fd_mark(f);
}

CAPR_INLINE struct capr_fd *capr__fd_get(int fd) {
    if (__builtin_expect(!capr__may_switch(), 0)) return NULL;
    struct capr_fd *f = &capr__fd_table[fd];
    if (__builtin_expect((uint32_t)fd >= capr__fd_count || f->kind == CAPR_FD_UNKNOWN || !(f->flags & CAPR_FD_OWNED), 0)) {
        f = capr__fd_learn(fd);
        if (!f) return NULL;
    }
    capr__fd_heed(f);
    return f;
}

/* A call with RWF_NOWAIT was refused (EOPNOTSUPP: a terminal; a pipe before Linux 6.4): from now on poll is asked first. Returns
 * 1 if the call is worth another try, 0 if the error is the program's own. */
CAPR_HIDDEN int capr__fd_correct(struct capr_fd *f);

/* `fd` was just made by a call of ours. `flags`: CAPR_FD_*, OWNED is added. */
CAPR_HIDDEN void capr__fd_fresh(int fd, int kind, int flags);

/* What the worker counts it as: CAPR_KIND_*, or none. capr__fd_fresh takes what is UNKNOWN for a file and NOWAIT for neither socket nor
 * pipe, and who knows better says so. */
#define CAPR_KIND_NONE (-1)
CAPR_HIDDEN void capr__fd_count_as(struct capr_fd *f, int kind);

/* `fd` was just made by a call of libc's, if it is one: counted as CAPR_KIND_*, and else unknown until it is used. */
CAPR_HIDDEN void capr__fd_made_by_libc(int fd, int kind);

/* `fd` is about to be closed, or was closed behind our back: wakes all waiters (they return EBADF) and forgets the rest. */
CAPR_HIDDEN void capr__fd_forget(int fd);

/* The program's own view of O_NONBLOCK, asked for where the cache does not know. Plain code. */
CAPR_HIDDEN int capr__fd_is_nonblock(int fd, struct capr_fd *f);

/* Makes the descriptor's O_NONBLOCK what the program believes it to be. */
CAPR_HIDDEN void capr__fd_unflip(int fd, struct capr_fd *f);

/* `to` is a new number for the description of `from`. */
CAPR_HIDDEN void capr__fd_copied(int from, int to);

/* The description got another holder. */
CAPR_HIDDEN void capr__fd_shared(int fd);

/* All of them did, by fork; and in the child nothing is registered and nobody waits. */
CAPR_HIDDEN void capr__fd_all_shared(void);
CAPR_HIDDEN void capr__fd_fork_child(void);

/* Descriptors that stay open across exec get back their O_NONBLOCK. */
CAPR_HIDDEN void capr__fd_before_exec(void);

/* The same, and more, for a child that gets them while this program goes on: what it can reach is no longer ours alone. */
CAPR_HIDDEN void capr__fd_before_spawn(void);

/* Puts `fd` into the worker's epoll set. Returns 0, EPERM if it can't wait (then the kind is PLAIN), or another errno. Plain
 * code. */
CAPR_HIDDEN int capr__fd_register(int fd, struct capr_fd *f);

/* Wakes waiters of descriptors closed by signal handlers. Called by the poll loop. */
CAPR_HIDDEN void capr__fd_sweep(void);
extern CAPR_HIDDEN volatile int capr__fd_sweep_wanted;

/* wait.c ------------------------------------------------------------------------------------------------------------------ */

/* A deadline that has not been worked out yet: the first wait asks for the socket's timeout. */
#define CAPR_FD_DEADLINE_UNSET 0

/* Waits until `fd` may be ready for `direction`. Returns 0: try again; EAGAIN: the program wants no wait, or the socket's timeout
 * has passed; EBADF: closed meanwhile; EINTR: a signal handler ran, or the thread is cancelled (the caller passes a cancellation
 * point before it returns). *deadline: CAPR_FD_DEADLINE_UNSET before the first wait of a call. Blocks. */
CAPR_HIDDEN int capr__fd_wait(int fd, struct capr_fd *f, int direction, uint64_t *deadline);

/* terminal_read.c: when a read of a terminal, begun now, gives up: CAPR_FOREVER, unless VMIN is 0. */
CAPR_HIDDEN uint64_t capr__polled_deadline(int fd);

/* terminal_read.c: the process was stopped, perhaps, and goes on: readers of terminals look again. On the idle thread. */
CAPR_HIDDEN void capr__terminal_continued(void);
extern CAPR_HIDDEN int capr__terminal_waits; /* some do, as far as is known */

/* What comes before the wait in all but the common case. Plain code. Returns 0, an errno as above, or one of these. */
enum {
    CAPR_FD_AGAIN = -1,   /* no wait: the kind was wrong, try the call anew */
    CAPR_FD_BY_TIME = -2, /* epoll can't tell when: try again after a while */
};
CAPR_HIDDEN int capr__fd_prepare(int fd, struct capr_fd *f, int direction, uint64_t *deadline);

/* A call on `fd` ended: there may be more for the next waiter, since an edge wakes only one. */
CAPR_INLINE void capr__fd_done(struct capr_fd *f, int direction) {
    if (__builtin_expect(f->queue[direction].head != NULL, 0)) capr__wake_one(&f->queue[direction]);
}

/* poll_loop.c ------------------------------------------------------------------------------------------------------------- */

/* Waits in the kernel for events of descriptors, at most timeout_ns (ns; 0: only looks; -1: until something happens, a signal
 * included), and makes the threads that wait for them ready. Returns the number of events. Runs on the idle thread. */
CAPR_HIDDEN int capr__io_poll(int64_t timeout_ns);

/* The part of it that asks the kernel for no events: hands over requests to the disk, takes what has finished. */
CAPR_HIDDEN void capr__io_collect(void);

/* The worker's epoll set, made if there is none; -errno. */
CAPR_HIDDEN int capr__io_epoll_fd(void);

#endif
