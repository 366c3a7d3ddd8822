/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The thread that runs when no other can, and its hook into I/O.
 */
#ifndef CAPR_IDLE_H
#define CAPR_IDLE_H

#include "../layout.h"

/* Gives `w` its idle thread. Called once by init.c, and in the child of a fork. */
CAPR_HIDDEN void capr__idle_init(struct capr_worker *w);

/* Waits for descriptors no longer than `timeout_ns` (0: only looks; negative: as long as it takes) and makes the threads that
 * waited for them ready. May return early, as after a signal. Returns the number of threads made ready. Plain code, called on the
 * idle thread only (io/poll_loop.c). Blocks the kernel thread. */
CAPR_HIDDEN int capr__io_poll(int64_t timeout_ns);

/* capr__ready inside a signal handler, which may have interrupted any queue operation: leaves the thread on a list of its own. */
CAPR_HIDDEN void capr__ready_from_signal(struct capr_thread *t);

/* What the loop of several workers (workers.c) has in common with that of one. */

/* What signal handlers have left. On the worker that takes the process's signals. */
CAPR_HIDDEN void capr__idle_signals(void);

/* Works out from the turns since the last look when the next one is to be. */
CAPR_HIDDEN void capr__idle_measure(struct capr_worker *w);

/* Makes those ready whose deadlines have passed. */
CAPR_HIDDEN void capr__idle_fire(struct capr_worker *w);

/* How long the worker may sleep: ns, -1: for ever. */
CAPR_HIDDEN int64_t capr__idle_timeout(const struct capr_worker *w);

#endif
