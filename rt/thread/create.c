/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * pthread_create: a chunk that holds the thread's record and, below it, as much stack as the pass proved that the start function
 * needs up to its next checkpoints. Fat code: creation is to cost tens of nanoseconds. The new thread is laid out as one that was
 * switched away from, so that it starts like any other thread goes on.
 */
#include <errno.h>
#include <pthread.h>

#include "../graph/graph.h"
#include "../graph/window.h"
#include "../proc/signals.h"
#include "../sched/run_queue.h"
#include "../sched/switch.h"
#include "../sched/workers.h"
#include "../stack/bigstack.h"
#include "../stack/chunk.h"
#include "extra.h"
#include "thread.h"

/* trampoline.S */
CAPR_HIDDEN void capr__trampoline(void);

uint64_t capr__entry_start, capr__entry_bytes, capr__return_need = sizeof(struct capr_switch_frame);

/* A start function that the pass did not see is borrowed for, which takes the trampoline's call and rbp; the rest is what the
 * thread's first switch frame needs anyway. */
#define NEED_EXTERNAL 64

/* A start function that needs more gets it from its entry stub, which knows whether that is a chunk or the big stack. */
#define NEED_AT_ONCE 16384

/* Where no code was compiled by capcc, nothing links and nothing borrows: a stack that small test programs can live on. */
#define NEED_UNKNOWN (64u << 10)

/* Bytes that `start` needs below its return address. */
static inline uint64_t start_need(uint64_t start) {
    if (!capr__entry_start) return NEED_UNKNOWN;
    uint64_t need = NEED_EXTERNAL;
    if (start - capr__entry_start < capr__entry_bytes) need = ((const uint64_t *)start)[-1];
    if (need > NEED_AT_ONCE) need = NEED_EXTERNAL;
    return need < capr__return_need ? capr__return_need : need;
}

/* Starts a thread. Attributes: the detach state is honoured; a stack size is accepted and needs no honouring, since stacks grow;
 * a stack that the program supplies is where the thread begins (thread/attr.c). EAGAIN: no memory, or the caller is no thread of
 * this runtime (a kernel thread that a library made by other means). EINVAL: `attr` is not initialised. Never blocks.
 * https://pubs.opengroup.org/onlinepubs/9699919799/functions/pthread_create.html */
CAPR_INTERPOSE int pthread_create(pthread_t *restrict out, const pthread_attr_t *restrict attr, void *(*start)(void *),
                                  void *restrict arg) {
    CAPR_MONITOR;
    struct capr_worker *w = &capr__worker;
    if (!w->self) return EAGAIN;
    int detach_state = PTHREAD_CREATE_JOINABLE;
    if (attr && pthread_attr_getdetachstate(attr, &detach_state)) return EINVAL;
    /* 8: the trampoline's return address. */
    struct capr_chunk *chunk = capr__chunk_try(sizeof(struct capr_thread) + 8 + start_need((uint64_t)start));
    if (!chunk) return EAGAIN;
    struct capr_thread *t = (struct capr_thread *)chunk - 1;
    struct capr_switch_frame *frame = (struct capr_switch_frame *)t - 1;
    capr__switch_frame_modes(frame);
    frame->rbx = (uint64_t)start;
    frame->r12 = (uint64_t)arg;
    frame->rbp = 0;
    frame->rip = (uint64_t)capr__trampoline;
    chunk->prev = NULL;
    *t = (struct capr_thread){
        .sp = (uint64_t)frame,
        .limit = capr__chunk_limit(chunk),
        .chunk = chunk,
        .detached = detach_state == PTHREAD_CREATE_DETACHED,
        .timer = -1,
        .id = ++capr__process.last_id,
        .start = start,
        .state = CAPR_READY,
        .sigmask = w->self->sigmask,
    };
    capr__fibre_begin(t);
    if (__builtin_expect(attr || w->self->extra, 0)) {
        int error = capr__attr_apply(t, attr, w->self);
        if (error) {
            capr__fibre_drop(t);
            capr__chunk_give(chunk);
            return error;
        }
    }
    chunk->flags |= CAPR_CHUNK_RECORD;
    capr__all_add(t);
    CAPR_SHOW_MORE(w->count.threads_created, 1);
    w->use.threads++;
    if (__builtin_expect(capr__process.live_threads == 1, 0)) {
        capr__turns_watch();
        if (capr__many) capr__workers_start();
        capr__bigstack_spare(w);
        capr__graph_start();
        capr__window_start();
    }
    t->node = capr__graph_begins(w, (uint64_t)start);
    if (__builtin_expect(t->sigmask != 0, 0))
        capr__signals_inherit(t);
    else
        capr__process.live_threads++;
    if (capr__process.live_threads > capr__process.live_threads_peak) capr__process.live_threads_peak = capr__process.live_threads;
    *out = (pthread_t)t;
    capr__run_put(w, t);
    if (__builtin_expect(attr && t->sigmask != w->self->sigmask, 0)) capr__signals_mask_differs();
    return 0;
}

CAPR_INTERPOSE pthread_t pthread_self(void) {
    struct capr_thread *self = capr__worker.self;
    if (__builtin_expect(!self, 0))
        return (pthread_t)&capr__worker; /* a kernel thread that is no worker: distinct, and no thread of ours */
    return (pthread_t)self;
}

