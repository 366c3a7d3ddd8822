/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The end of a turn that has been too long (CAPRICCIO_SLICE), at whatever instruction of the program's the thread is. Nothing in the
 * program's code looks for it: the tick of proc/turn.c comes as a signal, and where it finds the thread in the program's own code
 *
 *   turn.c -> preempt.c: copies the signal's frame, all registers, to a chunk below which the thread goes on in preempt.S
 *          -> preempt_turn.c: gives way, as any thread that waits -> preempt.S -> preempt.c: takes the chunk back
 *          -> rt_sigreturn on the copy: the thread is where it was.
 *
 * Such threads wait behind all others that are ready, so that one which a descriptor or a clock wakes runs at the end of the turn that is
 * on, however many compute. One of them has its turn when nobody else is ready, and at the latest at the second tick without any.
 *
 * Where the tick finds it in external code, that code is not interrupted: the return to the program is led past a place of ours that
 * sends the worker a tick (stack/borrow.S). In the runtime's code, nothing happens but that the locks' fast paths close.
 */
#ifndef CAPR_PREEMPT_H
#define CAPR_PREEMPT_H

#include <ucontext.h>

#include "../layout.h"

/* Finds what is needed of the program's file. Plain code, once. */
CAPR_HIDDEN void capr__preempt_prepare(void);

/* In the tick's handler: has the running thread, whose turn is too long, give way when the handler returns, or as soon as it comes back
 * from external code. Returns 0, or -1 if that cannot be. */
CAPR_HIDDEN int capr__preempt(ucontext_t *at);

/* In the handler of the signal by which another worker asks (CAPR_SIGNALS_ASKED): the thread gives way, as above, to run its handlers when it
 * goes on. */
CAPR_HIDDEN void capr__preempt_asked(ucontext_t *at);

/* In the handler of the signal that stack/borrow.S sends: the same, if the thread returns to the program. */
CAPR_HIDDEN void capr__preempt_returned(ucontext_t *at);

/* borrow.S: what a borrow returns to, and may return to in its place; the process, to a kernel thread of which the latter sends the tick,
 * and the address at which it comes. */
extern CAPR_HIDDEN const char capr__borrow_return[], capr__borrow_late[], capr__borrow_ticked[];
extern CAPR_HIDDEN int32_t capr__turn_process;

/* preempt.S: where a thread goes on that is to give way. rsp: the copy of its signal frame. */
CAPR_HIDDEN void capr__preempted(void);

/* preempt_turn.c (fat): gives way. */
CAPR_HIDDEN void capr__preempt_turn(void);

/* link.c: links a chunk with `below` bytes for the running thread, interrupted with `rsp`; its red zone stays. Returns the chunk's top,
 * or 0 if there is no memory. */
CAPR_HIDDEN uint64_t capr__preempt_link(uint64_t below, uint64_t rsp);

/* link.c: undoes the newest link of the running thread. */
CAPR_HIDDEN void capr__unlink(void);

#endif
