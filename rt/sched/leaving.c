/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * See leaving.h. A handler that interrupted a wait, and may wait itself, has its frames below its own on the big stack: a jump to an address
 * there stays within it, and the wait goes on when it returns. Plain code.
 */
#include "leaving.h"

#include "monitor.h"

void capr__leaving_interrupted(struct capr_thread *self, uint64_t frame) {
    for (struct capr_leaving *l = self->leaving; l && !l->frame; l = l->outer) {
        l->floor = capr__worker.big->base;
        l->frame = frame;
    }
}

void capr__leaving_resumed(struct capr_thread *self, uint64_t frame) {
    for (struct capr_leaving *l = self->leaving; l && l->frame == frame; l = l->outer) l->floor = l->frame = 0;
}

void capr__leaving_jump(struct capr_thread *t, uint64_t sp) {
    CAPR_MONITOR;
    for (struct capr_leaving *l; (l = t->leaving) && !(sp >= l->floor && sp < l->frame);) {
        t->leaving = l->outer;
        l->leave(l->object);
    }
}
