/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The idle thread: polls descriptors, fires timers, and goes on to whatever has become ready. Plain code on a stack of its own,
 * which counts as a big stack that it always holds, so that everything it calls runs in place.
 */
#include "idle.h"

#include <sys/mman.h>

#include "../graph/dump.h"
#include "../graph/graph.h"
#include "../proc/env.h"
#include "../proc/message.h"
#include "../proc/signals.h"
#include "../stack/bigstack.h"
#include "../thread/own_locale.h"
#include "deadlock.h"
#include "fibres.h"
#include "policy.h"
#include "run_queue.h"
#include "switch.h"
#include "workers.h"

/* poll_at while threads have locales of their own: each pick comes here. Not 0, which others set for a look at once. */
#define POLL_AT_LOCALES 1

/* How long a busy worker may go without a look: a quarter of the millisecond that a thread may be late, since turns differ. */
#define LOOK_NS 250000ull

/* Room for epoll's event array and what libc's clock needs. */
#define IDLE_STACK (128u << 10)

static struct capr_thread idle_thread;
static struct capr_bigstack idle_stack;

/* The compare-and-exchange is against nested handlers and the idle thread on the same kernel thread. */
void capr__ready_from_signal(struct capr_thread *t) {
    struct capr_thread *head = __atomic_load_n(&capr__process.signal_ready, __ATOMIC_RELAXED);
    do
        t->next = head;
    while (!__atomic_compare_exchange_n(&capr__process.signal_ready, &head, t, 0, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED));
    capr__worker_keep_awake();
}

static void take_signal_ready(void) {
    struct capr_thread *t = __atomic_exchange_n(&capr__process.signal_ready, NULL, __ATOMIC_SEQ_CST), *reversed = NULL;
    while (t) {
        struct capr_thread *next = t->next;
        t->next = reversed;
        reversed = t;
        t = next;
    }
    while (reversed) {
        struct capr_thread *next = reversed->next;
        capr__ready(reversed);
        reversed = next;
    }
}

static int is_due(uint64_t now) { return capr__process.timer_count && capr__process.timers[0].deadline <= now; }

/* The thread whose deadline passed first, which is then to leave the heap. */
static struct capr_thread *take_due(void) {
    struct capr_thread *t = capr__process.timers[0].thread;
    t->timed_out = 1;
    if (t->queue) capr__queue_remove(t);
    return t;
}

/* Makes those ready whose deadlines have passed, in that order. They go ahead of the run queue: a thread that woke by a clock would
 * otherwise be as late as all that became ready at once takes (9,000 threads: 30 ms).
 *
 * So that threads which sleep for next to nothing in a loop do not keep the others from running, no batch is larger than half of the
 * turns until the next look, and the next one goes ahead only once as many of those behind have had their turn, or all if they are
 * fewer. Whoever is ready waits at most for twice as many turns as if all had gone to the end; he who sleeps, for the next look and
 * twice as many turns as others' deadlines passed before his. What does not go ahead now stays in the heap, which keeps the order.
 *
 * Turns are counted in switches; those to this thread are none (below). */
void capr__idle_fire(struct capr_worker *w) {
    capr__run_lock(w);
    uint64_t now = capr__now();
    struct capr_thread *behind = w->run_head, **link = &w->run_head;
    uint32_t most = behind ? w->poll_every / 2 : w->poll_every, turns = 0;
    if (w->policy) {
        capr__run_unlock(w);
        while (is_due(now)) capr__ready(take_due());
        return;
    }
    if (behind && w->count.switches < w->fire_at) most = 0;
    for (; turns < most && is_due(now); turns++) {
        struct capr_thread *t = take_due();
        capr__timer_remove(t);
        if (t->stamp) capr__graph_woken(t);
        t->state = CAPR_READY;
        if (capr__many) {
            if (t->stays && t->worker != w->number) {
                capr__run_add(t);
                continue;
            }
            w->run_count++;
        }
        t->next = behind;
        if (!behind) w->run_tail = t;
        CAPR_SHOW(*link, t);
        link = &t->next;
    }
    for (uint32_t end = 2 * turns; behind && turns < end; behind = behind->next) turns++;
    if (turns) w->fire_at = w->count.switches + turns;
    if (is_due(now) && w->fire_at < w->poll_at) w->poll_at = w->fire_at;
    if (!capr__many) return;
    int more = w->run_head && w->run_head->next;
    capr__run_unlock(w);
    if (more && capr__workers_idle) capr__worker_wake_one();
}

/* A busy worker looks again after CAPR_POLL_EVERY turns, or after fewer where turns have been so long that these would take more than
 * LOOK_NS. An estimate, which costs a busy worker's look one reading of the clock and an idle one's nothing; where turns get longer
 * all at once, capr__turn_ticks bounds the wait. */
void capr__idle_measure(struct capr_worker *w) {
    uint64_t before = w->looked_at, turns = w->count.switches - w->looked_switches;
    if (!CAPR_SEE(w->run_head)) {
        w->looked_at = 0; /* it may wait now */
        return;
    }
    w->looked_at = capr__now();
    w->looked_switches = w->count.switches;
    if (!before || !turns) return;
    uint64_t most = LOOK_NS * turns / (w->looked_at - before + 1);
    w->poll_every = most >= CAPR_POLL_EVERY ? CAPR_POLL_EVERY : most > 2 ? (uint32_t)most : 2;
}

/* How long the poll may last: ns, -1 for ever. Only looks when somebody is ready to run. */
int64_t capr__idle_timeout(const struct capr_worker *w) {
    if (CAPR_SEE(w->run_head) || w->late_head || capr__process.signal_ready) return 0;
    int64_t most = capr__policy_kept ? (int64_t)capr__policy_period() : -1; /* those that may not run now may soon */
    if (!capr__process.timer_count) return most;
    uint64_t deadline = capr__process.timers[0].deadline, now = capr__now();
    if (deadline <= now) return 0;
    int64_t left = deadline - now > INT64_MAX ? INT64_MAX : (int64_t)(deadline - now);
    return most >= 0 && most < left ? most : left;
}

/* When the worker comes to capr__pick_seldom next. */
static uint64_t next_stop(const struct capr_worker *w) {
    return capr__locales ? POLL_AT_LOCALES : w->policy ? w->choose_at : w->look_at;
}

struct capr_thread *capr__pick_seldom(struct capr_worker *w) {
    int now = capr__process.signal_ready || capr__deferred_count || capr__graph_wanted || w->late_due;
    int look = now || !w->poll_at || w->count.switches >= w->look_at || !(w->policy || capr__locales);
    if (look) w->look_at = w->count.switches + w->poll_every;
    if (look && (capr__process.fd_waiters || capr__process.timer_count || now || (capr__policy && capr__policy->decides))) return w->idle;
    if (w->policy && (w->count.switches >= w->choose_at || !w->run_head)) {
        capr__policy_choose(w);
        if (!w->run_head) return w->idle;
    }
    w->poll_at = next_stop(w);
    if (capr__locales) capr__locale_enter(w->run_head);
    return NULL;
}

void capr__idle_signals(void) {
    if (capr__process.signal_ready) take_signal_ready();
    if (capr__signals_pending) capr__signals_deliver();
    if (capr__deferred_count) capr__run_deferred();
}

static _Noreturn void idle_main(void) {
    if (capr__many) capr__worker_loop();
    for (;;) {
        struct capr_worker *w = &capr__worker;
        capr__idle_signals();
        if (__builtin_expect(capr__graph_wanted, 0)) capr__graph_answer();
        capr__idle_measure(w);
        if (capr__policy) /* before the wait, and not between an event and what it is for */
            capr__policy_tick(w, w->looked_at ? w->looked_at : capr__now());
        uint32_t chosen = 0;
        if (w->policy && !w->run_head && capr__policy_kept)
            chosen = capr__policy_choose(w); /* those that were chosen before have run */
        int64_t timeout = capr__idle_timeout(w);
        if (timeout < 0 && !capr__process.fd_waiters && capr__env.deadlock != CAPR_DEADLOCK_OFF) capr__deadlock_look(w);
        if (timeout || capr__process.fd_waiters) capr__io_poll(timeout);
        w->poll_at = w->count.switches + w->poll_every;
        if (capr__process.timer_count) capr__idle_fire(w);
        w->look_at = w->poll_at;
        if (w->policy && !chosen) capr__policy_choose(w);
        if (w->late_head && (!w->run_head || w->late_due)) {
            capr__run_late(w);
            w->choose_at++; /* it has run before the policy is asked again */
        }
        if (!w->run_head) continue;
        w->poll_at = next_stop(w);
        if (capr__locales) capr__locale_enter(w->run_head);
        struct capr_thread *next = w->run_head;
        w->run_head = next->next;
        capr__graph_restart_sample();
        if (__builtin_expect(capr__signals_pending, 0)) capr__signals_deliver(); /* natively its handlers run before anything else of it */
        capr__switch_to(w, w->idle, next);
        w->fire_at++; /* or those of whom some have yet to run would be overtaken where this thread runs often */
    }
}

void capr__idle_init(struct capr_worker *w) {
    if (!idle_stack.top) {
        void *p = mmap(NULL, IDLE_STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
        if (p == MAP_FAILED) capr__fatal("out of memory for the idle stack of %u bytes; raise the memory limit (ulimit -v, cgroup)", IDLE_STACK);
        idle_stack.base = (uint64_t)p;
        idle_stack.top = (uint64_t)p + IDLE_STACK;
    }
    /* As if switched away, from where a null return address ends backtraces. */
    uint64_t *end = (uint64_t *)idle_stack.top - 1;
    *end = 0;
    struct capr_switch_frame *frame = (struct capr_switch_frame *)end - 1;
    *frame = (struct capr_switch_frame){.rip = (uint64_t)idle_main};
    capr__switch_frame_modes(frame);
    idle_thread = (struct capr_thread){.sp = (uint64_t)frame, .big = &idle_stack, .timer = -1, .state = CAPR_PARKED, .stays = 1};
    capr__fibre_begin(&idle_thread);
    w->idle = &idle_thread;
    w->poll_every = CAPR_POLL_EVERY;
    w->fire_at = w->looked_at = 0;
    w->poll_at = capr__many || w->policy || capr__locales ? 0 : w->count.switches + CAPR_POLL_EVERY;
    w->pick_at = w->count.switches + CAPR_POLL_EVERY;
}
