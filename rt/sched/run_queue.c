/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * See run_queue.h. Fat code: on the stacks of threads that wait.
 */
#include "run_queue.h"

#include "../graph/graph.h"
#include "../io/syscalls.h"
#include "../proc/signals.h"
#include "../thread/cancel.h"
#include "../thread/extra.h"
#include "../thread/own_locale.h"
#include "policy.h"
#include "workers.h"

void capr__stays_if_held(const struct capr_worker *w, struct capr_thread *self) {
    const struct capr_extra *x = self->extra;
    self->stays = w->big_sp != w->big_top || (x && x->held);
}

void capr__run_add(struct capr_thread *t) {
    struct capr_worker *mine = &capr__worker, *w = t->stays ? capr__workers[t->worker] : mine;
    capr__run_lock(w);
    int more = w->run_head != NULL;
    capr__run_append(w, t);
    w->run_count++;
    capr__run_unlock(w);
    if (w != mine)
        capr__worker_wake(w);
    else if (more && capr__workers_idle)
        capr__worker_wake_one();
}

struct capr_thread *capr__run_take(struct capr_worker *w) {
    if (!CAPR_SEE(w->run_head)) return NULL;
    capr__run_lock(w);
    struct capr_thread *t = w->run_head;
    if (t) {
        CAPR_SHOW(w->run_head, t->next);
        w->run_count--;
        if (t->next) capr__prefetch(t->next);
    }
    capr__run_unlock(w);
    return t;
}

struct capr_thread *capr__run_pick(struct capr_worker *w) {
    struct capr_thread *t = w->count.switches >= w->pick_at ? NULL : capr__run_take(w);
    if (!t) return w->idle;
    if (__builtin_expect(capr__locales || w->locale, 0)) capr__locale_enter(t);
    return t;
}

void capr__run_switch(struct capr_thread *self, struct capr_thread *next) {
    if (next == self) /* whose wait was over before it began */
        return;
    capr__worker.busy = self;
    uint32_t depth = capr__step_out();
    struct capr_worker *w = &capr__worker;
    unsigned round = 0;
    while (__builtin_expect(__atomic_load_n(&next->running, __ATOMIC_ACQUIRE), 0)) {
        __builtin_ia32_pause();
        if (++round % 128 == 0) /* its worker does not run */
            capr__sys1(SYS_sched_yield, 0);
    }
    capr__run_begin(w, next);
    capr__fibre_switch(self, next);
    capr__switch(self, next);
    if (depth) capr__monitor_in(depth);
}

void capr__run_yield(void) {
    struct capr_worker *w = &capr__worker;
    struct capr_thread *self = w->self;
    int look = w->count.switches >= w->pick_at;
    if (!CAPR_SEE(w->run_head) && w->late_head) {
        capr__run_lock(w);
        capr__run_late(w);
        capr__run_unlock(w);
    }
    if (!CAPR_SEE(w->run_head) && !look && !(CAPR_SEE(capr__process.fd_waiters) | CAPR_SEE(capr__process.timer_count) | CAPR_SEE(capr__deferred_count) | CAPR_SEE(w->policy)) &&
        !CAPR_SEE(capr__process.signal_ready))
        return;
    capr__graph_note(w, self, 0);
    capr__stays_if_held(w, self);
    capr__run_lock(w);
    struct capr_thread *next = w->run_head;
    if (look || !next) {
        next = w->idle;
        w->run_count++;
    } else {
        CAPR_SHOW(w->run_head, next->next);
        if (next->next) capr__prefetch(next->next);
    }
    capr__run_append(w, self);
    capr__run_unlock(w);
    if (__builtin_expect(capr__locales || w->locale, 0) && next != w->idle) capr__locale_enter(next);
    capr__run_switch(self, next);
    if (__builtin_expect(self->cancel_bits & CAPR_SIGNALS_ASKED, 0)) capr__signals_run();
}
