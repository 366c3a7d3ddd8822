/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * What signal handlers leave for the rest of the runtime to see. A handler runs on its own stack in the middle of anything, so it
 * wakes nobody: it counts and leaves a note, and the poll loop, which the note also keeps from waiting, does the rest.
 *
 * A thread whose wait signals may cut short calls capr__signals_wait_begin right before it parks and capr__signals_wait_end right
 * after, which says whether to return EINTR. Signals sent to the process go to the main thread, as in Linux when it blocks none
 * of them; other threads' waits are left alone, but for the one that pthread_kill names.
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

/* Those of them without SA_RESTART. */
extern CAPR_HIDDEN volatile unsigned int capr__signals_cutting;

/* Not 0: handlers have run since the poll loop last looked. */
extern CAPR_HIDDEN volatile int capr__signals_pending;

/* Wakes whom the handlers that have run concern: threads in pause and sigsuspend, an interruptible wait of the main thread.
 * Called by the poll loop. */
CAPR_HIDDEN void capr__signals_deliver(void);

/* Ends the wait of `t` if it is one that a handler ends; `without_restart`: one that has no SA_RESTART. Not in a handler. */
CAPR_HIDDEN void capr__signals_end_wait(struct capr_thread *t, int without_restart);

/* Threads in pause and sigsuspend. */
extern CAPR_HIDDEN struct capr_queue capr__signals_pausers;

/* `how`: &capr__wait_restartable or &capr__wait_interruptible. Handlers that ran before this do not cut the wait short. */
static inline void capr__signals_wait_begin(struct capr_thread *self, void *how) {
    if (__builtin_expect(capr__signals_pending, 0)) capr__signals_deliver();
    self->wait_data = how;
}

/* Returns whether a handler ended the wait. */
static inline int capr__signals_wait_end(struct capr_thread *self) {
    int interrupted = self->wait_data == &capr__wait_interrupted;
    self->wait_data = NULL;
    return interrupted;
}

/* pthread_exit in a handler: leaves it, and ends the interrupted thread with `result`, on the stack on which it was interrupted. */
CAPR_HIDDEN _Noreturn void capr__signal_exit(void *result);

/* Gives the calling kernel thread an alternate signal stack, once. Returns 0 or an errno. */
CAPR_HIDDEN int capr__signal_stack(void);

#endif
