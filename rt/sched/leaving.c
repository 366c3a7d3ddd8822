/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * See leaving.h. A handler that interrupted a wait, and may wait itself, has its frames below its own on the big stack: a jump to an address
 * there stays within it, and the wait goes on when it returns. Plain code.
 */
#include "leaving.h"

#include "../thread/extra.h"
#include "monitor.h"

void capr__leaving_interrupted(struct capr_thread *self, struct capr_running_handler *h) {
    struct capr_extra *x = self->extra;
    *h = (struct capr_running_handler){x->handlers, capr__worker.big->base};
    x->handlers = h;
    for (struct capr_leaving *l = self->leaving; l && !l->by; l = l->outer) l->by = h;
}

void capr__leaving_resumed(struct capr_thread *self, const struct capr_running_handler *h) {
    for (struct capr_leaving *l = self->leaving; l && l->by == h; l = l->outer) l->by = NULL;
    ((struct capr_extra *)self->extra)->handlers = h->outer;
}

static int is_within(const struct capr_running_handler *h, uint64_t sp) { return sp >= h->floor && sp < (uint64_t)h; }

void capr__leaving_jump(struct capr_thread *t, uint64_t sp) {
    CAPR_MONITOR;
    struct capr_extra *x = t->extra;
    for (; x && x->handlers && !is_within(x->handlers, sp); x->handlers = x->handlers->outer) x->awaited = 0;
    for (struct capr_leaving *l; (l = t->leaving) && !(l->by && is_within(l->by, sp));) {
        t->leaving = l->outer;
        l->leave(l->object);
    }
}
