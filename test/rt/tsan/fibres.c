/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * See rt/sched/fibres.h. Without instrumentation: the fibre that ThreadSanitizer takes for the running one changes in the middle.
 */
#include "sched/fibres.h"

#include <sanitizer/tsan_interface.h>

#include "thread/thread.h"

#undef capr__worker
_Thread_local struct capr_worker capr__worker __attribute__((aligned(64)));

__attribute__((noinline)) struct capr_worker *capr__worker_here(void) {
    __asm__ volatile("" : : : "memory"); /* or it would be a function of nothing, and two calls one */
    return &capr__worker;
}

void capr__fibre_here(struct capr_thread *t) { t->fibre = __tsan_get_current_fiber(); }

void capr__fibre_begin(struct capr_thread *t) { t->fibre = __tsan_create_fiber(0); }

void capr__fibre_drop(struct capr_thread *t) { __tsan_destroy_fiber(t->fibre); }

void capr__fibre_switch(struct capr_thread *from, struct capr_thread *to) {
    void *gone = from->state == CAPR_DONE && from != &capr__main_thread ? from->fibre : NULL;
    __tsan_release(&from->running);
    __tsan_switch_to_fiber(to->fibre, 0);
    if (gone) __tsan_destroy_fiber(gone);
}
