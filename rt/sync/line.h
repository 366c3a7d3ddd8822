/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Threads of this process that wait for one process-shared lock stand in line: the first of them polls it, since a holder in another
 * process cannot put a thread into our run queue; the others sleep. If each polled for itself, ten thousand would poll ten million times a
 * second, and whoever holds the lock would wait for them all each time that it gives way.
 */
#ifndef CAPR_SYNC_LINE_H
#define CAPR_SYNC_LINE_H

#include "wait.h"

/* A wait that begins: {0}. */
struct capr_line {
    unsigned round; /* pauses of the one that polls */
    int stood;      /* it has been in line: it goes back to the front */
    int polls;      /* it is the first */
};

/* After a try that failed: returns 0 when it is time for the next, or ETIMEDOUT at `deadline` (ns of CLOCK_MONOTONIC or CAPR_FOREVER). The pause
 * grows to 1 ms, and to an eighth of the time that the first has waited, 10 ms at most. Blocks; on a worker other threads run. */
CAPR_HIDDEN int capr__line_wait(struct capr_line *line, const void *lock, uint64_t deadline);

/* ns that the first sleeps between two looks, after `round` of them. */
CAPR_HIDDEN uint64_t capr__line_pause(unsigned round);
#define CAPR_LINE_ROUNDS 166 /* after which it grows no more */

/* `lock` was let go by this process, or a wait for it is over, or interrupted: the first in line tries, and polls. Never blocks. */
CAPR_HIDDEN void capr__line_next(const void *lock);

/* The wait is over: whoever holds the lock may be in another process, so the next one polls; after a reader others may read. Never blocks. */
static inline void capr__line_end(const struct capr_line *line, const void *lock) {
    if (line->stood) capr__line_next(lock);
}

/* In the child of a fork: they are the parent's. */
CAPR_HIDDEN void capr__lines_forked(void);

#endif
