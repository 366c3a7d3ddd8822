/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * See workers.h. Plain code. All of it runs inside the monitor, but for sleep and the switch: so that a worker which has found nothing
 * and goes to sleep cannot miss what another puts into its queue, who finds it asleep then.
 */
#include "workers.h"

#include <errno.h>
#include <sys/mman.h>

#include "../graph/dump.h"
#include "../graph/graph.h"
#include "../io/net_poll.h"
#include "../io/source.h"
#include "../proc/env.h"
#include "../proc/message.h"
#include "../proc/signals.h"
#include "../stack/bigstack.h"
#include "../stack/balance.h"
#include "../thread/kernel_thread.h"
#include "../thread/own_locale.h"
#include "../thread/thread.h"
#include "fibres.h"
#include "idle.h"
#include "policy.h"
#include "preempt.h"
#include "processors.h"
#include "rest.h"
#include "run_queue.h"

/* Threads that are stolen at once, and that are looked at for it. */
#define STEAL_MOST 32
#define STEAL_LOOK 64

/* Of a worker's kernel thread, on which its idle thread runs: as in idle.c, and libc's own. */
#define WORKER_STACK (256u << 10)

struct capr_worker *capr__workers[CAPR_WORKERS_MOST];
uint32_t capr__worker_count;

static uint32_t most, started = 1;           /* workers that there may be, and that have been begun */
/* Once until it looks: signals of this kind queue up, and one worker sends them faster than another takes them. */
static void interrupt(uint32_t number) {
    struct capr_worker *w = capr__workers[number];
    if (__atomic_exchange_n(&w->interrupted, 1, __ATOMIC_SEQ_CST)) return;
    if (capr__sys3(SYS_tgkill, capr__turn_process, w->kernel_thread, CAPR_TURN_SIGNAL) < 0) __atomic_store_n(&w->interrupted, 0, __ATOMIC_SEQ_CST);
}

void capr__worker_interrupt(struct capr_thread *t) { interrupt(t ? t->worker : 0); }

void capr__workers_interrupt(void) {
    for (uint32_t i = 0; i < capr__worker_count; i++)
        if (i != capr__worker.number) interrupt(i);
}

void capr__outside_the_monitor(void) { capr__fatal_thread("a wait outside the monitor: a fault of the runtime's own; run with CAPRICCIO_WORKERS=1"); }

/* Moves threads that need not stay from the queue of `from` to that of `w`. Returns the first, which is in neither. */
static struct capr_thread *steal_from(struct capr_worker *w, struct capr_worker *from) {
    struct capr_thread *first = NULL, *head = NULL, *tail = NULL;
    uint32_t taken = 0, looked = 0;
    capr__run_lock(from);
    uint32_t want = (from->run_count + 1) / 2;
    struct capr_thread **link = &from->run_head, *before = NULL;
    want = want > STEAL_MOST ? STEAL_MOST : want;
    while (*link && taken < want && looked++ < STEAL_LOOK) {
        struct capr_thread *t = *link;
        if (t->stays) {
            before = t;
            link = &t->next;
            continue;
        }
        CAPR_SHOW(*link, t->next);
        if (from->run_tail == t) from->run_tail = before;
        taken++;
        if (!first)
            first = t;
        else
            capr__list_append(&head, &tail, t);
    }
    from->run_count -= taken;
    int more = from->run_head != NULL;
    capr__run_unlock(from);
    if (!first) return NULL;
    CAPR_SHOW_MORE(w->count.stolen, taken);
    if (head) {
        capr__run_lock(w);
        if (w->run_head)
            w->run_tail->next = head;
        else
            CAPR_SHOW(w->run_head, head);
        w->run_tail = tail;
        w->run_count += taken - 1;
        capr__run_unlock(w);
    }
    if ((more || head) && capr__workers_idle) capr__worker_wake_one();
    return first;
}

static struct capr_thread *steal(struct capr_worker *w) {
    if (w->policy) /* what is ready waits with the policy, which has been asked */
        return NULL;
    for (uint32_t i = 1; i < capr__worker_count; i++) {
        struct capr_worker *from = capr__workers[(w->number + i) % capr__worker_count];
        struct capr_thread *t = CAPR_SEE(from->run_head) ? steal_from(w, from) : NULL;
        if (t) return t;
    }
    return NULL;
}

_Noreturn void capr__worker_loop(void) {
    struct capr_worker *w = &capr__worker;
    int looked = 0; /* at descriptors, just now */
    capr__monitor_enter();
    for (;;) {
        if (w->number == 0) capr__idle_signals();
        if (__builtin_expect(capr__graph_wanted, 0)) capr__graph_answer();
        capr__idle_measure(w);
        capr__chunk_balance(w);
        if (capr__policy && !looked) /* else what the event was for comes first */
            capr__policy_tick(w, w->looked_at ? w->looked_at : capr__now());
        if (capr__process.fd_waiters && !looked) capr__rest_look(w);
        looked = 0;
        if (capr__process.timer_count) capr__idle_fire(w);
        if (w->policy) capr__policy_choose(w);
        if (w->late_head && (!CAPR_SEE(w->run_head) || w->late_due)) {
            capr__run_lock(w);
            capr__run_late(w);
            capr__run_unlock(w);
            w->choose_at++;
        }
        struct capr_thread *next = capr__run_take(w);
        if (!next) next = steal(w);
        if (!next) {
            looked = capr__rest(w);
            continue;
        }
        capr__rest_over(w);
        w->pick_at = w->count.switches + w->poll_every;
        if (w->policy && w->choose_at < w->pick_at) w->pick_at = w->choose_at;
        if (capr__process.timer_count && w->fire_at > w->count.switches && w->fire_at < w->pick_at) w->pick_at = w->fire_at;
        if (capr__locales || w->locale) capr__locale_enter(next);
        capr__graph_restart_sample();
        if (__builtin_expect(capr__signals_pending, 0)) capr__signals_deliver(); /* natively its handlers run before anything else of it */
        capr__run_switch(w->idle, next);
        w->fire_at++;
    }
}

/* What a new kernel thread runs on, for as long as it is the worker's idle thread. */
struct home {
    struct capr_thread idle;
    struct capr_bigstack stack;
};

static void *worker_main(void *unused) {
    (void)unused;
    struct capr_worker *w = &capr__worker;
    struct home *home = mmap(NULL, sizeof *home, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    void *service = mmap(NULL, CAPR_SERVICE_STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
    if (home == MAP_FAILED || service == MAP_FAILED || mprotect(service, 4096, PROT_NONE) || capr__signal_stack())
        return NULL; /* as many workers as there is memory for */
    (void)capr__graph_worker_init(w); /* without memory for it, it counts nothing */
    w->service_sp = (uint64_t)service + CAPR_SERVICE_STACK;
    w->err = &errno;
    w->poll_every = CAPR_POLL_EVERY;
    capr__chunk_worker_init(w);
    uint64_t here = (uint64_t)__builtin_frame_address(0);
    capr__bigstack_adopt(&home->stack, here - WORKER_STACK / 2, here, WORKER_STACK / 4);
    capr__bigstack_use(w, &home->stack);
    w->big_sp = 0;
    home->idle = (struct capr_thread){.timer = -1, .state = CAPR_PARKED, .running = 1, .stays = 1};
    capr__fibre_here(&home->idle);
    w->idle = w->self = &home->idle;
    w->number = CAPR_WORKERS_MOST; /* nobody's */
    capr__monitor_enter();
    w->number = capr__worker_count;
    CAPR_SHOW(capr__monitor, w->number + 1);
    home->idle.worker = (uint8_t)w->number;
    w->policy = capr__workers[0]->policy;
    capr__workers[capr__worker_count++] = w;
    capr__monitor_leave();
    capr__turns_watch();
    capr__worker_loop();
}

void capr__workers_start(void) {
    if (started > 1 || most < 2 || capr__io_wake_fd() < 0) return;
    if (!capr__env.workers) {
        uint32_t quota = capr__processors_of_quota();
        most = quota < most ? quota : most;
    }
    for (; started < most; started++)
        if (capr__kernel_thread_start(worker_main, NULL, WORKER_STACK, CAPR_SIGNALS_OF_WORKER)) break;
}

struct capr_counters capr__workers_counted(void) {
    struct capr_counters sum = {0};
    for (uint32_t i = 0; i < capr__worker_count; i++) {
        const uint64_t *its = (const uint64_t *)&capr__workers[i]->count;
        for (size_t k = 0; k < sizeof sum / sizeof *its; k++) ((uint64_t *)&sum)[k] += CAPR_SEE(its[k]);
    }
    return sum;
}

static void be_first(struct capr_worker *w) {
    w->number = 0;
    capr__workers[0] = w;
    capr__worker_count = started = 1;
}

void capr__workers_init(struct capr_worker *w) {
    /* Not known where the pass has not seen the program, and with it the runtime: there addresses of the worker's are kept across waits
     * (passes/WorkerAddresses.cpp). */
    most = !capr__entry_start && !CAPR_FIBRES ? 1 : capr__env.workers ? capr__env.workers : capr__processors();
    if (most > CAPR_WORKERS_MOST) most = CAPR_WORKERS_MOST;
    capr__many = most > 1;
    be_first(w);
}

void capr__workers_forked(struct capr_worker *w) {
    if (!capr__many) return;
    capr__monitor = w->inside ? 1 : 0;
    w->run_lock = w->run_count = w->state = w->interrupted = 0;
    capr__rest_forked();
    be_first(w);
}
