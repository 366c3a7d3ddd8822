/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * How a thread ends: handlers and destructors, then its linked chunks, then the word to its joiner, then the switch that never
 * comes back. The chunk with the record stays until the join. Chunks are given back while still stood on: they go to
 * lists of this worker's, from which nobody takes before the switch.
 */
#include <pthread.h>
#include <stdlib.h>

#include "../graph/graph.h"
#include "../proc/signals.h"
#include "../sched/leaving.h"
#include "../sched/run_queue.h"
#include "../sched/switch.h"
#include "../stack/chunk.h"
#include "../stack/drop.h"
#include "extra.h"
#include "thread.h"
#include "tls.h"

/* Tells the joiner, gives the stacks back and runs the next thread. From the first chunk that is given back on, nothing may be
 * called that could link: it would get the memory that this function runs on. */

static _Noreturn void end(struct capr_worker *w, struct capr_thread *self) {
    struct capr_chunk *first = capr__first_chunk(self);
    w->use.threads--;
    w->context = CAPR_WORD_END;
    capr__graph_note(w, self, 0);
    if (__builtin_expect(capr__process.live_threads == 1, 0)) {
        w->context = 0; /* what runs at exit may block */
        capr__out();
        exit(0);
    }
    capr__all_remove(self);
    self->state = CAPR_DONE; /* no signal is for it from here on */
    if (__builtin_expect(capr__process.masked_threads != 0, 0))
        capr__signals_leave(self);
    else
        capr__process.live_threads--;
    if (__builtin_expect(capr__signals_pending, 0)) { /* notes name threads by their records */
        capr__signals_deliver();
        if (w->number) capr__signals_forget(self);
    }
    if (self->joiner && self->joiner->state == CAPR_PARKED && self->joiner->wait_data == self) /* else it looks after its signal handler */
        capr__ready(self->joiner);
    struct capr_thread *next = capr__many ? capr__run_pick(w) : capr__pick(w);
    if (self->chunk != first) capr__on_service(capr__stack_drop_all, (uint64_t)self, 0, 0);
    if (first) {
        if (self->detached) {
            first->flags &= (uint16_t)~CAPR_CHUNK_RECORD;
            capr__chunk_give(first);
        }
        /* Nothing of this thread is left on the big stack. No call between this and the switch. The main thread keeps its own,
         * which is the kernel's. */
        w->big_sp = w->big_top;
    }
    if (__builtin_expect(capr__many, 0)) {
        w->inside = 0;
        __atomic_store_n(&capr__monitor, 0, __ATOMIC_RELEASE);
        capr__wait_off(next);
        capr__run_begin(w, next);
    } else {
        CAPR_SHOW_MORE(w->count.switches, 1);
    }
    w->busy = self;
    capr__fibre_switch(self, next);
    capr__switch(self, next);
    __builtin_unreachable();
}

void capr__thread_exit(void *result) {
    struct capr_worker *w = &capr__worker;
    struct capr_thread *self = w->self;
    if (__builtin_expect(self->leaving != NULL, 0)) capr__leaving_jump(self, NULL);
    capr__out(); /* of whatever the thread ends in: what follows runs code of the program's */
    self->result = result;
    capr__extra_signals_run(self);
    capr__thread_cleanup(self);
    for (;;) {
        if (__builtin_expect(capr__process.masked_threads != 0, 0)) capr__signals_before_end(self);
        capr__enter();
        if (__builtin_expect(!capr__extra_signals(self), 1)) break;
        capr__leave();
        capr__extra_signals_run(self);
    }
    if (__builtin_expect(self->tls || self->extra, 0)) {
        capr__signals_ending(self); /* a handler would find its thread-local variables gone */
        capr__leave();
        capr__tls_end(self);
        capr__enter();
    }
    if (__builtin_expect(self->extra != NULL, 0)) {
        capr__attr_leave(self->extra);
        if (self->detached) /* else the name may be asked for until the join */
            capr__extra_free(self);
    }
    end(&capr__worker, self);
}

void capr__thread_return(void *result) {
    capr__worker.context = 0; /* which a function may have left marked */
    capr__thread_exit(result);
}

/* Ends the calling thread with `result`: cleanup handlers, key destructors; the process ends, with status 0, when its last thread
 * does. May block in handlers and destructors.
 * https://pubs.opengroup.org/onlinepubs/9699919799/functions/pthread_exit.html */
CAPR_INTERPOSE _Noreturn void pthread_exit(void *result) {
    if (__builtin_expect(capr__worker.in_signal != 0, 0)) capr__signal_exit(result);
    capr__thread_exit(result);
}
