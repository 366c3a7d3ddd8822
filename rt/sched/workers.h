/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The workers, where there are several: kernel threads that run user-level threads. They begin with the program's second thread.
 *
 * One that has nothing to run looks at descriptors and timers, then steals from the others' run queues; if there is nothing to steal
 * either it sleeps. One of the sleepers sleeps in epoll_wait (the poller), the others on a word of their own. As long as any worker is
 * busy the poller looks up from time to time, at most a millisecond apart, so that a thread which becomes ready behind one that
 * computes is found; threads that become ready two at a time wake a worker at once. A thread that is ready alone wakes nobody: mostly
 * the one that made it so is about to wait, and to go on with it costs nothing.
 */
#ifndef CAPR_WORKERS_H
#define CAPR_WORKERS_H

#include "monitor.h"

#define CAPR_WORKERS_MOST 64

enum capr_worker_state { CAPR_WORKER_BUSY, CAPR_WORKER_POLLS, CAPR_WORKER_SLEEPS };

/* By number; the first capr__worker_count of them exist. Inside the monitor, as all else here. */
extern CAPR_HIDDEN struct capr_worker *capr__workers[CAPR_WORKERS_MOST];
extern CAPR_HIDDEN uint32_t capr__worker_count;

/* The sums of what they have counted. Plain code. */
CAPR_HIDDEN struct capr_counters capr__workers_counted(void);

/* How many sleep or poll. */
extern CAPR_HIDDEN uint32_t capr__workers_idle;

/* At start: the worker that runs main. Plain code. */
CAPR_HIDDEN void capr__workers_init(struct capr_worker *w);

/* Starts the others, if they have not been. Plain code. */
CAPR_HIDDEN void capr__workers_start(void);

/* Wakes `w`, which has been given something, if it is idle. Plain code. */
CAPR_HIDDEN void capr__worker_wake(struct capr_worker *w);

/* Wakes an idle one, unless one that was woken is still on its way. Plain code. */
CAPR_HIDDEN void capr__worker_wake_one(void);

/* Has the worker of `t`, which runs, look whether there is a signal for it; NULL: the one that takes the process's signals, whether all threads
 * block others now. Plain code. */
CAPR_HIDDEN void capr__worker_interrupt(struct capr_thread *t);

/* Has all others look whether their masks have changed (proc/signals.h). Plain code. */
CAPR_HIDDEN void capr__workers_interrupt(void);

/* In a signal handler, which has left something for the idle thread: it is not to go to sleep over it. */
CAPR_HIDDEN void capr__worker_keep_awake(void);

/* What the idle thread does where there are several workers. */
CAPR_HIDDEN _Noreturn void capr__worker_loop(void);

/* In the child of a fork: `w` is alone. */
CAPR_HIDDEN void capr__workers_forked(struct capr_worker *w);

#endif
