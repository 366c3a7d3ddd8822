/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The wait for a descriptor: what a call does after EAGAIN. Fat code on the thread's own stack; in the common case (a descriptor
 * of ours, registered, without a timeout) it is a push on a queue and a switch, and nothing is asked of the kernel.
 *
 * A pipe that is only ours does without the set (pair.h).
 *
 * No event can be lost between the call that said EAGAIN and the wait: the set is edge-triggered but keeps an edge until the
 * poll loop takes it. With one worker that runs after the switch; with several the descriptor counts the events that it has taken, and
 * the wait is left out if there have been any since the try began (capr__fd_heed).
 */
#include "../proc/signals.h"
#include "fd.h"
#include "pair.h"

CAPR_HIDDEN int capr__fd_wait(int fd, struct capr_fd *f, int direction, uint64_t *deadline) {
    struct capr_thread *self = capr__self();
    if (__builtin_expect(capr__many, 0) && capr__fd_stirred(f)) {
        if ((uint32_t)((uint64_t)self->wait_data >> 32) != f->generation) return EBADF;
        capr__fd_heed(f);
        return 0;
    }
    int timeout_flag = direction == CAPR_FD_READ ? CAPR_FD_RCVTIMEO : CAPR_FD_SNDTIMEO;
    int known = f->flags & (CAPR_FD_OWNED | CAPR_FD_SHARED | CAPR_FD_REGISTERED | CAPR_FD_NONBLOCK | timeout_flag);
    int by_time = 0;
    uint64_t until;
    if (direction == CAPR_FD_READ && capr__pair_waits(f)) {
        if (!f->listed) capr__pair_list(fd, f);
        until = *deadline = CAPR_FOREVER;
    } else if (__builtin_expect(known != (CAPR_FD_OWNED | CAPR_FD_REGISTERED) || f->kind == CAPR_FD_UNIX_DGRAM || f->kind == CAPR_FD_POLL, 0)) {
        int e = capr__fd_prepare(fd, f, direction, deadline);
        if (e > 0) return e;
        if (e == CAPR_FD_AGAIN) return 0;
        until = *deadline;
        if (e == CAPR_FD_BY_TIME) {
            uint64_t soon = capr__now() + CAPR_FD_RETRY_NS;
            by_time = soon < until;
            until = by_time ? soon : until;
        }
    } else {
        until = *deadline = CAPR_FOREVER;
    }
    uint32_t generation = f->generation;
    /* A socket with a timeout is not waited for again after a handler, whatever SA_RESTART says: signal(7). */
    capr__signals_wait_begin(self, *deadline == CAPR_FOREVER ? &capr__wait_restartable : &capr__wait_interruptible);
    capr__queue_push(&f->queue[direction], self);
    capr__fd_waiter_begin(self);
    int timed_out = capr__park_point(until);
    capr__fd_waiter_end(self);
    int interrupted = capr__signals_wait_end(self);
    if (f->generation != generation) return EBADF;
    capr__fd_heed(f);
    if (interrupted || capr__cancel_due(self)) return EINTR;
    return timed_out && !by_time ? EAGAIN : 0;
}
