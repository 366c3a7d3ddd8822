/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * What all of rt/sync needs beside the scheduler: deadlines from a struct timespec, waits that poll (for objects in memory
 * shared with other processes, and on kernel threads that are no workers), and wakes asked for by signal handlers.
 */
#ifndef CAPR_SYNC_WAIT_H
#define CAPR_SYNC_WAIT_H

#include <errno.h>
#include <time.h>

#include "../sched/sched.h"

#define CAPR_LIKELY(x) __builtin_expect(!!(x), 1)
#define CAPR_UNLIKELY(x) __builtin_expect(!!(x), 0)

/* Whether that is a time to wait until: what some calls ask before all else, as glibc's do, and others only if they have to wait. */
static inline int capr__sync_valid(clockid_t clock, const struct timespec *abstime) {
    return (clock == CLOCK_REALTIME || clock == CLOCK_MONOTONIC) && (unsigned long)abstime->tv_nsec < 1000000000;
}

/* Checks `abstime` and sets *deadline (ns of CLOCK_MONOTONIC; 0: past). Returns 0, or EINVAL for nanoseconds outside
 * [0, 10^9) and for clocks other than CLOCK_REALTIME and CLOCK_MONOTONIC. Never blocks. */
CAPR_HIDDEN int capr__sync_deadline(clockid_t clock, const struct timespec *abstime, uint64_t *deadline);

/* One step of a wait for something that changes without waking us: gives way for a time that grows with *round from nothing
 * to 1 ms. Returns 0, or ETIMEDOUT once `deadline` has passed. Blocks; on a worker other threads run. A cancellation point if
 * `point`. */
CAPR_HIDDEN int capr__poll_wait(unsigned *round, uint64_t deadline, int point);

/* In the child of a fork, before any of the program's code runs: marks that other threads left behind are void. */
CAPR_HIDDEN void capr__sync_forked(void);

/* Operations that a signal handler asked for: its code may have interrupted the same operation half-way, so that they wait
 * until the scheduler's idle thread runs them (capr__run_deferred, sched.h). */
enum capr_deferred_op { CAPR_DEFER_NONE, CAPR_DEFER_UNLOCK, CAPR_DEFER_SIGNAL, CAPR_DEFER_BROADCAST, CAPR_DEFER_POST };

/* Notes one. Async-signal-safe, never blocks. */
CAPR_HIDDEN void capr__defer(enum capr_deferred_op op, void *object);

#endif
