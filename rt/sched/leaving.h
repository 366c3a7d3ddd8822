/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Waits that hold more than their place in a queue: a call that a kernel thread makes for them, watches, memory. A handler may jump out of
 * such a wait, or end the thread in it, and the code behind the wait never comes to let go of that. So it says before the wait, in
 * a list of the thread's, how it is let go.
 */
#ifndef CAPR_SCHED_LEAVING_H
#define CAPR_SCHED_LEAVING_H

#include "../layout.h"

/* In the frame of the wait. */
struct capr_leaving {
    struct capr_leaving *outer;    /* the thread's wait that this one is in: by select that of poll; one that a handler interrupted */
    void (*leave)(void *object);   /* plain code; inside the monitor, on any stack, while the frames of the wait still stand; never gives way */
    void *object;
    uint64_t floor, frame;         /* the handler's that interrupted the wait: it runs on the stack from here up to its frame; else 0 */
};

static inline void capr__leaving_begin(struct capr_thread *self, struct capr_leaving *l, void (*leave)(void *), void *object) {
    *l = (struct capr_leaving){self->leaving, leave, object, 0, 0};
    self->leaving = l;
}

static inline void capr__leaving_end(struct capr_thread *self, const struct capr_leaving *l) { self->leaving = l->outer; }

/* A handler whose frame is at `frame` begins to run, and has returned, in whatever wait the running thread is in. leaving.c (plain). */
CAPR_HIDDEN void capr__leaving_interrupted(struct capr_thread *self, uint64_t frame);
CAPR_HIDDEN void capr__leaving_resumed(struct capr_thread *self, uint64_t frame);

/* `t` goes on at the stack address `sp`, by a jump: lets go of what the waits hold that this leaves, all where it is CAPR_LEAVING_ALL. */
#define CAPR_LEAVING_ALL 0
CAPR_HIDDEN void capr__leaving_jump(struct capr_thread *t, uint64_t sp);

#endif
