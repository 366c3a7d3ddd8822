/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * See leaving.h. A handler that interrupted a wait may wait itself, and may jump from one place of its own to another: the wait that it
 * interrupted goes on when it returns. Plain code.
 */
#include "leaving.h"

#include "../thread/extra.h"
#include "monitor.h"

void capr__leaving_interrupted(struct capr_thread *self, struct capr_running_handler *h) {
    struct capr_extra *x = self->extra;
    *h = (struct capr_running_handler){x->handlers, capr__worker.big->base, self->chunk};
    x->handlers = h;
    for (struct capr_leaving *l = self->leaving; l && !l->by; l = l->outer) l->by = h;
}

void capr__leaving_resumed(struct capr_thread *self, const struct capr_running_handler *h) {
    for (struct capr_leaving *l = self->leaving; l && l->by == h; l = l->outer) l->by = NULL;
    ((struct capr_extra *)self->extra)->handlers = h->outer;
}

static int is_within(const struct capr_thread *t, const struct capr_running_handler *h, const struct capr_target *to) {
    if (to->sp >= h->floor && to->sp < (uint64_t)h) return 1;
    for (const struct capr_chunk *c = t->chunk; c && c != h->chunk; c = c->prev)
        if (c == to->chunk) return 1;
    return 0;
}

void capr__leaving_jump(struct capr_thread *t, const struct capr_target *to) {
    CAPR_MONITOR;
    struct capr_extra *x = t->extra;
    for (; x && x->handlers && !(to && is_within(t, x->handlers, to)); x->handlers = x->handlers->outer) x->awaited = 0;
    for (struct capr_leaving *l; (l = t->leaving) && !(to && l->by && is_within(t, l->by, to));) {
        t->leaving = l->outer;
        l->leave(l->object);
    }
}
