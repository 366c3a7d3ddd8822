/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Leaving stacks other than by returning through them: longjmp, pthread_exit, cancellation.
 */
#ifndef CAPR_DROP_H
#define CAPR_DROP_H

#include "../layout.h"

/* Runs a function of plain code on the service stack and returns what it returns. It may not block, nor call anything interposed
 * or fat: the limit is still that of the caller's stack, and a checkpoint would compare the service stack with it. service.S; pushes one register below its return address. */
CAPR_STACK_BOUND(8)
CAPR_HIDDEN uint64_t capr__on_service(uint64_t (*f)(uint64_t, uint64_t, uint64_t), uint64_t a, uint64_t b, uint64_t c);

/* Gives back every chunk that `thread`, which is running, has linked since `chunk` was its newest (NULL: all, the first one
 * excepted), and the big stacks that those links had taken. worker.big is then the big stack of the landing; the caller sets
 * worker.big_sp (to worker.big_top where the landing holds none) and %fs:0x70. Plain code, to be run on the service stack: it
 * frees what the caller may stand on, which stays mapped and unwritten until the next switch or link. */
CAPR_HIDDEN void capr__stack_drop(struct capr_thread *thread, struct capr_chunk *chunk);

/* The same for all of a thread's chunks but the first, as capr__on_service takes it. */
CAPR_HIDDEN uint64_t capr__stack_drop_all(uint64_t thread, uint64_t unused, uint64_t unused2);

#endif
