/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Waits that hold more than their place in a queue: a call that a kernel thread makes for them, watches, memory. A handler may jump out of
 * such a wait, or end the thread in it, and the code behind the wait never comes to let go of that. So it says before the wait, in
 * a list of the thread's, how it is let go.
 */
#ifndef CAPR_SCHED_LEAVING_H
#define CAPR_SCHED_LEAVING_H

#include "../layout.h"

/* Handlers that a thread runs as its own code, the innermost first: in the frame of what calls one. */
struct capr_running_handler {
    struct capr_running_handler *outer; /* the one whose wait it interrupted */
    uint64_t floor;                     /* its frames are on the big stack, from here up to this record, */
    struct capr_chunk *chunk;           /* and on chunks that the thread has linked since this one was its last */
};

/* Where a jump goes to. */
struct capr_target {
    uint64_t sp;
    struct capr_chunk *chunk; /* the thread's last one there */
};

/* In the frame of the wait. */
struct capr_leaving {
    struct capr_leaving *outer;    /* the thread's wait that this one is in: by select that of poll; one that a handler interrupted */
    void (*leave)(void *object);   /* plain code; inside the monitor, on any stack, while the frames of the wait still stand; never gives way */
    void *object;
    const struct capr_running_handler *by; /* the handler that interrupted the wait, or NULL */
};

static inline void capr__leaving_begin(struct capr_thread *self, struct capr_leaving *l, void (*leave)(void *), void *object) {
    *l = (struct capr_leaving){self->leaving, leave, object, NULL};
    self->leaving = l;
}

static inline void capr__leaving_end(struct capr_thread *self, const struct capr_leaving *l) { self->leaving = l->outer; }

/* The running thread's next wait, outwards from `l`, that `leave` lets go of; of NULL the innermost. For the child of a fork, which a handler may
 * have made in the midst of waits: what they wait for is the parent's. */
static inline struct capr_leaving *capr__leaving_by(const struct capr_leaving *l, void (*leave)(void *)) {
    const struct capr_thread *self = capr__worker.self;
    struct capr_leaving *next = l ? l->outer : self ? self->leaving : NULL;
    while (next && next->leave != leave) next = next->outer;
    return next;
}

/* leaving.c (plain). A handler begins to run, and has returned, in whatever wait the running thread, which has an extra record, is in. The first
 * fills `h` in. */
CAPR_HIDDEN void capr__leaving_interrupted(struct capr_thread *self, struct capr_running_handler *h);
CAPR_HIDDEN void capr__leaving_resumed(struct capr_thread *self, const struct capr_running_handler *h);

/* `t` goes on at `to`, by a jump: forgets the handlers that this leaves, and lets go of what the waits hold that it leaves. NULL: all. */
CAPR_HIDDEN void capr__leaving_jump(struct capr_thread *t, const struct capr_target *to);

#endif
