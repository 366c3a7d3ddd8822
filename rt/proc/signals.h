/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * What signal handlers leave for the rest of the runtime to see. A handler runs on its own stack in the middle of anything, so it
 * wakes nobody: it counts and leaves a note, and the poll loop, which the note also keeps from waiting, does the rest.
 *
 * A parked thread that signals may cut short says so in its wait_data: one of the first two addresses below, put there right
 * before it parks, taken away right after. When it comes back with the third in place it returns EINTR. Signals sent to the
 * process go to the main thread, as in Linux when it blocks none of them; other threads' waits are left alone.
 */
#ifndef CAPR_PROC_SIGNALS_H
#define CAPR_PROC_SIGNALS_H

#include "../layout.h"

/* In wait_data: a wait that a handler without SA_RESTART ends (read, accept), one that each handler ends (poll, sleep). */
extern CAPR_HIDDEN char capr__wait_restartable, capr__wait_interruptible;
/* In wait_data after the wait: a handler ended it. */
extern CAPR_HIDDEN char capr__wait_interrupted;

/* Handlers that have run. A call that must not miss one compares before and after. */
extern CAPR_HIDDEN volatile unsigned int capr__signals_handled;

/* Not 0: handlers have run since the poll loop last looked. */
extern CAPR_HIDDEN volatile int capr__signals_pending;

/* Wakes whom the handlers that have run concern: threads in pause and sigsuspend, an interruptible wait of the main thread.
 * Called by the poll loop. */
CAPR_HIDDEN void capr__signals_deliver(void);

/* Threads in pause and sigsuspend. */
extern CAPR_HIDDEN struct capr_queue capr__signals_pausers;

/* Gives the calling kernel thread an alternate signal stack, once. Returns 0 or an errno. */
CAPR_HIDDEN int capr__signal_stack(void);

#endif
