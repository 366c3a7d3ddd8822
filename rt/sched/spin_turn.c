/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A loop that waits by looking at memory has looked often enough: what the pass makes it call (passes/SpinLoops.cpp). As
 * sched_yield, it lets every ready thread run once, and looks at descriptors and timers where there is none or it is time to, so that
 * whoever sets the flag may be asleep. Where nobody may be switched to (a signal handler, a kernel thread that is no worker, before
 * the runtime is up) the loop goes on as it would natively.
 */
#include "spin_turn.h"

#include "../thread/cancel.h"

/* Blocks. `used`: nothing names it before the pass does, which drops it where nothing calls it. */
CAPR_HIDDEN __attribute__((used, noinline)) void __capr_spin_turn(void) {
    struct capr_worker *w = &capr__worker;
    struct capr_thread *self = w->self;
    w->spin_left = CAPR_SPIN_ROUNDS;
    if (!capr__may_switch() || self == w->idle) return;
    if (w->fast || capr__many)
        capr__yield();
    else
        capr__turn_over();
    if (capr__cancel_async_due(self)) capr__cancel_self();
}
