/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * siglongjmp out of a handler that came while all threads were waiting: a read under an alarm is the old way to bound it. The
 * handler then runs on top of the idle thread, and the thread to jump to is parked. Consumes that thread's wait, whatever it was,
 * and makes it the running one, as a switch would have; the idle thread starts anew. Plain code on the service stack.
 */
#include "../io/fd.h"
#include "../sched/idle.h"
#include "../sched/leaving.h"
#include "../sched/limits.h"
#include "../sched/monitor.h"
#include "../sched/policy.h"
#include "../sched/run_queue.h"
#include "../sched/timer.h"
#include "../sched/workers.h"
#include "../stack/bigstack.h"
#include "../sync/granted.h"
#include "message.h"
#include "signals.h"

/* Called by setjmp.S when a signal handler jumps that did not interrupt `owner`, the thread that called setjmp with the stack
 * pointer at `sp` and `chunk` as its last. */
CAPR_HIDDEN void capr__jump_to_other(struct capr_thread *owner, uint64_t sp, struct capr_chunk *chunk);

static int leave_run_queue_of(struct capr_worker *w, struct capr_thread *t) {
    struct capr_thread **link = &w->run_head, *before = NULL;
    while (*link && *link != t) {
        before = *link;
        link = &before->next;
    }
    if (!*link) return 0;
    CAPR_SHOW(*link, t->next);
    if (w->run_tail == t) w->run_tail = before;
    w->run_count--;
    return 1;
}

/* Returns 0 where `t` is in no queue that may be looked at: another worker's list of threads whose turns were too long is its own. */
static int leave_run_queue(struct capr_worker *w, struct capr_thread *t) {
    capr__policy_flatten(w);
    capr__run_lock(w);
    for (struct capr_thread **late = &w->late_head; *late; late = &(*late)->next)
        if (*late == t) { /* the tail means nothing in an empty list only */
            while (w->late_head) capr__run_late(w);
            break;
        }
    capr__run_unlock(w);
    int left = 0;
    for (uint32_t i = 0; i < capr__worker_count && !left; i++) {
        capr__run_lock(capr__workers[i]);
        left = leave_run_queue_of(capr__workers[i], t);
        capr__run_unlock(capr__workers[i]);
    }
    return left;
}

/* Nobody is to wake `t` any more for what it waited for, or was about to wait for. */
static void leave_wait(struct capr_thread *t, const struct capr_target *to) {
    if (t->queue) capr__queue_remove(t);
    if (t->granted) capr__grant_back(t);
    if (t->timer >= 0) capr__timer_remove(t);
    capr__fd_waiter_end(t);
    capr__leaving_jump(t, to);
    capr__declared_left();
    t->wait_data = NULL;
    t->cancel_bits &= (uint8_t)~(CAPR_CANCEL_AT_POINT | CAPR_PARK_LOOKS);
}

/* Called by setjmp.S when a signal handler jumps that interrupted the thread which called setjmp, perhaps in the middle of a call that was about
 * to wait or has just waited, or was giving way. `sp` and `chunk`: the stack pointer and the last chunk there. */
CAPR_HIDDEN void capr__jump_to_self(uint64_t sp, struct capr_chunk *chunk);

void capr__jump_to_self(uint64_t sp, struct capr_chunk *chunk) {
    CAPR_MONITOR;
    struct capr_thread *self = capr__self();
    leave_run_queue(&capr__worker, self);
    leave_wait(self, &(struct capr_target){sp, chunk});
}

static void refuse(const struct capr_thread *owner) {
    capr__fatal("a signal handler left by siglongjmp for thread %u, which another worker runs; take the signal by sigwait in a thread of "
                "its own, or let the handler set a flag", owner->id);
}

void capr__jump_to_other(struct capr_thread *owner, uint64_t sp, struct capr_chunk *chunk) {
    CAPR_MONITOR; /* which the jump has left for good */
    struct capr_worker *w = &capr__worker;
    struct capr_thread *t = capr__process.all;
    while (t && t != owner) t = t->all_next;
    if (!t) capr__fatal("a signal handler left by siglongjmp for a thread that has ended; jump only to threads that are alive");
    /* What was interrupted could be anything, also the scheduler, and would have to go on later from its signal frame. */
    if (w->self != w->idle)
        capr__fatal("a signal handler that interrupted thread %u left by siglongjmp for thread %u; take the signal by sigwait in a "
                    "thread of its own, or let the handler set a flag",
                    w->self->id, owner->id);
    if (capr__many && (owner->stays || owner->running) && owner->worker != w->number) refuse(owner);
    if (owner->state == CAPR_READY && !leave_run_queue(w, owner) && capr__many) refuse(owner);
    leave_wait(owner, &(struct capr_target){sp, chunk});

    capr__bigstack_handover(w->idle, owner);
    capr__idle_init(w);
    owner->state = CAPR_READY;
    owner->running = capr__many != 0;
    owner->worker = (uint8_t)w->number;
    w->self = owner;
    w->busy = NULL;
    /* Its rounding modes, which the switch that parked it left on top of its stack. */
    __asm__ volatile("ldmxcsr (%0)\n\tfldcw 4(%0)" : : "r"(owner->sp) : "memory");
}
