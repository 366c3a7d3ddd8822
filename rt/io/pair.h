/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Pipes of which nobody else holds an end. What goes in and out passes here, so that a read knows without asking that there is
 * nothing, and a write gives its bytes to the thread that waits in read, and makes it ready: neither asks the kernel. Only what
 * nobody waits for goes into the kernel's pipe. Such a pipe needs no epoll set.
 *
 * That others may write after all (a signal handler, a system call made by hand) costs time
 * and loses nothing: threads that wait so are on a list, and before the worker waits in the kernel each pipe on it goes into the
 * epoll set, which tells at once of what is there. While the worker is busy, the oldest does so from time to time.
 * The level may thus be wrong: too high, and the read is tried in vain; too low, and the epoll set finds out. What others wrote
 * unseen may then be read after what was written here later.
 */
#ifndef CAPR_IO_PAIR_H
#define CAPR_IO_PAIR_H

#include <sys/uio.h>

#include "fd.h"

/* Threads woken by writes until the pipe leaves the epoll set again: to enter and to leave costs as much as about two tokens. */
#define CAPR_PAIR_WAKES 8

/* The record of the other end, or NULL. */
CAPR_INLINE struct capr_fd *capr__pair_other(const struct capr_fd *f) {
    return f->kind == CAPR_FD_NOWAIT && f->peer ? &capr__fd_table[f->peer - 1] : NULL;
}

/* pair.c (plain): both ends were made by pipe. */
CAPR_HIDDEN void capr__pair_made(const int ends[2]);

/* Either end is no longer ours alone, or is closed: from now on it is a pipe like any other. */
CAPR_HIDDEN void capr__pair_part(struct capr_fd *f);

/* Something was written where no record is looked at: by a signal handler, on another kernel thread. Async-signal-safe. */
CAPR_HIDDEN void capr__pair_doubt(void);

/* Puts the reading end on the list. */
CAPR_HIDDEN void capr__pair_list(int fd, struct capr_fd *f);

/* Takes the reading end out of the epoll set. */
CAPR_HIDDEN void capr__pair_unregister(int fd, struct capr_fd *f);

/* Whether a reader is to wait without the epoll set. */
CAPR_INLINE int capr__pair_waits(const struct capr_fd *f) {
    return capr__pair_other(f) && (f->flags & (CAPR_FD_OWNED | CAPR_FD_SHARED | CAPR_FD_REGISTERED | CAPR_FD_NONBLOCK)) == CAPR_FD_OWNED;
}

/* The start of a vector that a write has filled; its length is then the bytes. */
extern CAPR_HIDDEN char capr__pair_filled;

/* The running thread is about to wait for `f`, with a vector that a write may fill in the meantime, or NULL. Everybody who waits
 * to read from a pipe says so here: the vector is found by way of the thread, whose field then still holds the last one. */
CAPR_INLINE void capr__pair_offer(struct capr_fd *f, struct iovec *iov) {
    if (!capr__pair_other(f)) return;
    struct capr_thread *self = capr__self();
    f->waiter = iov ? self->id + 1 : 0;
    self->deadline = (uint64_t)iov; /* no timer runs for it */
}

/* Set by capr__pair_doubt and by what makes a pipe anybody's, until the list has been registered. */
extern CAPR_HIDDEN volatile int capr__pair_doubtful;

/* Wakes a reader. */
CAPR_INLINE void capr__pair_wake(int fd, struct capr_fd *f) {
    if (capr__wake_one(&f->queue[CAPR_FD_READ]) && (f->flags & CAPR_FD_REGISTERED) && ++f->wakes >= CAPR_PAIR_WAKES)
        capr__pair_unregister(fd, f);
}

/* Gives all `n` bytes to a thread that waits for as many. Returns 1 if there is one. */
CAPR_INLINE int capr__pair_give(const struct capr_fd *f, const void *bytes, size_t n) {
    struct capr_fd *other = capr__pair_other(f);
    if (!other || other->level || n == 0 || capr__pair_doubtful) return 0;
    if ((other->flags & (CAPR_FD_OWNED | CAPR_FD_SHARED | CAPR_FD_NONBLOCK)) != CAPR_FD_OWNED) return 0;
    struct capr_thread *t = other->queue[CAPR_FD_READ].head;
    if (!t || other->waiter != t->id + 1 || t->timer >= 0) return 0;
    struct iovec *iov = (struct iovec *)t->deadline;
    if (n > iov->iov_len) return 0;
    capr__handlers_off();
    __builtin_memcpy(iov->iov_base, bytes, n);
    *iov = (struct iovec){&capr__pair_filled, n};
    capr__pair_wake((int)f->peer - 1, other);
    capr__handlers_on();
    return 1;
}

/* Whether a read would find nothing. */
CAPR_INLINE int capr__pair_empty(const struct capr_fd *f) { return f->level == 0 && capr__pair_waits(f); }

/* A read gave `r`, bytes or -errno. */
CAPR_INLINE void capr__pair_read(struct capr_fd *f, long r) {
    if (r != -EBADF && capr__pair_other(f)) f->level = r > 0 && (uint64_t)r < f->level ? f->level - (uint32_t)r : 0;
}

/* `r` bytes were written. */
CAPR_INLINE void capr__pair_wrote(const struct capr_fd *f, long r) {
    struct capr_fd *other = capr__pair_other(f);
    if (!other) return;
    other->level += (uint32_t)r;
    capr__pair_wake((int)f->peer - 1, other);
}

#endif
