/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * What ThreadSanitizer is told where the runtime is built with it (test/rt/tsan): that a user-level thread goes on in place of another. It
 * keeps a clock and a call stack for each of its threads, which it would else take to be the kernel's. What a thread has done is known to
 * whom its worker runs next, since both run on one kernel thread, and to whoever finds `running` cleared, which switch.S does where
 * ThreadSanitizer does not look. In every other build all of this is nothing.
 *
 * The worker's record is asked for anew at each use there, as the pass has it done elsewhere (passes/WorkerAddresses.cpp). A variable
 * that holds its address across a wait is another matter: the pass refreshes that too, and C does not, so that the runtime has none.
 */
#ifndef CAPR_FIBRES_H
#define CAPR_FIBRES_H

#include "../layout.h"

#ifdef CAPR_THREAD_SANITIZER
#define CAPR_FIBRES 1

/* The kernel thread runs `t` now. */
CAPR_HIDDEN void capr__fibre_here(struct capr_thread *t);

/* A record is new; is dropped without ever having run. */
CAPR_HIDDEN void capr__fibre_begin(struct capr_thread *t);
CAPR_HIDDEN void capr__fibre_drop(struct capr_thread *t);

/* Right before the switch. */
CAPR_HIDDEN void capr__fibre_switch(struct capr_thread *from, struct capr_thread *to);

#else
#define CAPR_FIBRES 0

static inline void capr__fibre_here(const struct capr_thread *t) { (void)t; }
static inline void capr__fibre_begin(const struct capr_thread *t) { (void)t; }
static inline void capr__fibre_drop(const struct capr_thread *t) { (void)t; }
static inline void capr__fibre_switch(const struct capr_thread *from, const struct capr_thread *to) { (void)from, (void)to; }

#endif
#endif
