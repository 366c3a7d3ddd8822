/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Gives way in the middle of the program's code (preempt.h). The blocking graph counts no passage: the thread is at no place where it
 * chose to be. What is being timed meanwhile is given up, since the time would be another thread's. Fat code.
 */
#include "preempt.h"

#include "../graph/graph.h"
#include "../proc/signals.h"
#include "../thread/cancel.h"
#include "run_queue.h"
#include "switch.h"

/* Called by preempt.S. Blocks. */
__attribute__((used)) void capr__preempt_turn(void) {
    struct capr_worker *w = &capr__worker;
    struct capr_thread *self = w->self;
    int saved_errno = *w->err;
    CAPR_SHOW_MORE(w->count.preempted, 1);
    capr__graph_drop_sample(w);
    capr__enter();
    self->midway = 1;
    if (capr__many) {
        self->stays = 1;
        capr__look_soon();
        capr__list_append(&w->late_head, &w->late_tail, self);
        capr__run_switch(self, w->idle);
    } else {
        w->busy = self;
        capr__list_append(&w->late_head, &w->late_tail, self);
        capr__switch_to(w, self, capr__pick(w));
    }
    capr__graph_drop_sample(&capr__worker); /* begun by another thread's block: what is left of this way would pass for the whole */
    self->midway = 0;
    capr__leave();
    if (__builtin_expect(self->cancel_bits & CAPR_SIGNALS_ASKED, 0)) capr__signals_run();
    if (capr__cancel_async_due(self)) capr__cancel_self();
    *capr__worker.err = saved_errno;
}
