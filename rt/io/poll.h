/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Between poll.c, which waits on the thread's stack, and watch.c, which does the lists and conversions on the big stack.
 */
#ifndef CAPR_IO_POLL_H
#define CAPR_IO_POLL_H

#include <poll.h>
#include <signal.h>
#include <sys/select.h>
#include <sys/time.h>

#include "fd.h"

/* Waits until one of `n` descriptors is ready, or until `deadline` (ns; 0: only looks). Returns the number of ready ones, 0, or
 * -errno. With `mask` the worker has that signal mask meanwhile. Blocks. */
CAPR_HIDDEN long capr__poll(struct pollfd *fds, nfds_t n, uint64_t deadline, const sigset_t *mask);

/* Whether the thread's newest chunks hold these bytes, which can then be read and written. */
static inline int capr__is_on_stack(const void *p, uint64_t bytes) {
    const struct capr_chunk *c = capr__self()->chunk;
    for (int i = 0; c && i < 4; c = c->prev, i++)
        if ((uint64_t)p - c->base < c->size - bytes) return 1;
    return 0;
}

/* watch.c, all plain. */
CAPR_HIDDEN struct capr_watch *capr__watches_alloc(nfds_t n);
CAPR_HIDDEN void capr__watches_free(struct capr_watch *watches);
/* What a poll has while it waits; and how it is let go where the wait is left by a jump (struct capr_leaving). */
struct capr_watching {
    struct capr_watch *watches;
    nfds_t n;
    struct capr_watch one; /* where n is 1 */
};
CAPR_HIDDEN void capr__watching_left(void *watching);
/* Puts a watch on each descriptor. Returns 1 if for some no event can tell, so that they have to be asked from time to time. */
CAPR_HIDDEN int capr__watches_arm(struct capr_watch *watches, const struct pollfd *fds, nfds_t n);
CAPR_HIDDEN void capr__watches_disarm(struct capr_watch *watches, nfds_t n);

/* The deadline of a timeout from now; 0 for no time at all, CAPR_FOREVER for NULL. EINVAL for a bad one, else 0. */
CAPR_HIDDEN int capr__poll_deadline(const struct timespec *timeout, uint64_t *deadline);
CAPR_HIDDEN int capr__select_deadline(const struct timeval *timeout, uint64_t *deadline);
/* Writes what is left until `deadline`. */
CAPR_HIDDEN void capr__select_rest(uint64_t deadline, struct timeval *timeout);

struct capr_select {
    nfds_t count;
    int n; /* select's first argument, no more than the table has records */
    struct pollfd fds[];
};
/* Three sets as a list for poll; NULL when out of memory or n < 0. */
CAPR_HIDDEN struct capr_select *capr__select_begin(int n, const fd_set *r, const fd_set *w, const fd_set *e);
/* After poll has told of some: whether all that it told is nothing that select asked for, as the end of a connection is where only urgent data
 * was. Those are not waited for any more. */
CAPR_HIDDEN int capr__select_passes_over(struct capr_select *s);
CAPR_HIDDEN void capr__select_left(void *select); /* struct capr_leaving: frees it */
/* Turns poll's result into select's, writes the sets, frees `s`. */
CAPR_HIDDEN long capr__select_end(struct capr_select *s, long result, fd_set *r, fd_set *w, fd_set *e);

#endif
