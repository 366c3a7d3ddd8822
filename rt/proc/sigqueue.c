/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Signals of one thread: those that pthread_kill sends, and those of the process that the poll loop has given to it. They wait in a
 * list of the thread's own. The switch frame that the thread left when it gave way is made to return to sigentry.S, so that it runs
 * its handlers before anything else when it goes on, as code that may block; that costs other threads nothing. Plain code.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/ucontext.h>
#include <unistd.h>

#include "../io/fd.h"
#include "../sched/deadlock.h"
#include "../sched/leaving.h"
#include "../sched/limits.h"
#include "../sched/run_queue.h"
#include "../sched/switch.h"
#include "../sched/workers.h"
#include "../sync/granted.h"
#include "../sync/line.h"
#include "../thread/cancel.h"
#include "../thread/extra.h"
#include "../thread/thread.h"
#include "notify.h"
#include "signals.h"

struct capr_pending {
    struct capr_pending *next;
    siginfo_t info;
};

/* Signals whose default is to do nothing. */
#define IGNORED_BY_DEFAULT                                                                                                         \
    (CAPR_SIGNAL_BIT(SIGCHLD) | CAPR_SIGNAL_BIT(SIGURG) | CAPR_SIGNAL_BIT(SIGWINCH) | CAPR_SIGNAL_BIT(SIGCONT))

/* Lists of all threads together: most processes never have any. */
static uint32_t pending_count;

uint64_t capr__signals_of(const struct capr_thread *t) {
    const struct capr_extra *x = t->extra;
    uint64_t set = 0;
    for (const struct capr_pending *p = x ? x->pending : NULL; p; p = p->next) set |= CAPR_SIGNAL_BIT(p->info.si_signo);
    return set;
}

/* Records for when malloc has none: a signal of the process that has come must not be lost. One bit of `spare_used` each. */
static struct capr_pending spare[32];
static uint32_t spare_used;

static struct capr_pending *record(void) {
    struct capr_pending *p = malloc(sizeof *p);
    if (p || !~spare_used) return p;
    int i = __builtin_ctz(~spare_used);
    spare_used |= 1u << i;
    return &spare[i];
}

static void forget(struct capr_pending *p) {
    if (p >= spare && p < spare + 32)
        spare_used &= ~(1u << (p - spare));
    else
        free(p);
}

/* Takes the first of the lowest number in `set`. */
static struct capr_pending *take(struct capr_extra *x, uint64_t set) {
    struct capr_pending **best = NULL;
    for (struct capr_pending **link = &x->pending; *link; link = &(*link)->next)
        if ((CAPR_SIGNAL_BIT((*link)->info.si_signo) & set) && (!best || (*link)->info.si_signo < (*best)->info.si_signo)) best = link;
    if (!best) return NULL;
    struct capr_pending *p = *best;
    *best = p->next;
    pending_count--;
    return p;
}

static int queue(struct capr_thread *t, const siginfo_t *info) {
    struct capr_extra *x = capr__extra(t);
    if (!x) return EAGAIN;
    struct capr_pending **link = &x->pending;
    for (; *link; link = &(*link)->next)
        if (info->si_signo < 32 && (*link)->info.si_signo == info->si_signo) return 0; /* one of each is all that is kept */
    struct capr_pending *p = record();
    if (!p) return EAGAIN;
    *p = (struct capr_pending){NULL, *info};
    *link = p;
    pending_count++;
    return 0;
}

int capr__signal_take(uint64_t set, siginfo_t *info) {
    struct capr_extra *x = capr__self()->extra;
    struct capr_pending *p = x ? take(x, set) : NULL;
    if (!p) return 0;
    int number = p->info.si_signo;
    if (info) *info = p->info;
    forget(p);
    return number;
}

int capr__signals_await(uint64_t set) {
    struct capr_extra *x = set ? capr__extra(capr__self()) : capr__self()->extra;
    if (!x) return set ? ENOMEM : 0;
    x->awaited = set;
    return 0;
}

unsigned int capr__signals_cuts(void) {
    const struct capr_extra *x = capr__extra(capr__self());
    return x ? x->cuts : 0;
}

void capr__signals_free(struct capr_extra *x) {
    for (struct capr_pending *p; (p = take(x, ~0ull));) forget(p);
}

void capr__signals_discard(int number) {
    for (struct capr_thread *t = capr__process.all; t && pending_count; t = t->all_next)
        if (t->extra)
            for (struct capr_pending *p; (p = take(t->extra, CAPR_SIGNAL_BIT(number)));) forget(p);
}

/* --- making a thread look ------------------------------------------------------------------------------------------------------ */

static void unqueue(struct capr_thread *t) {
    if (t->queue) capr__queue_remove(t);
    capr__ready(t);
}

/* Ends the wait of `t` if it is one that signals end; `cutting`: also one that SA_RESTART would go on with. */
static void end_wait(struct capr_thread *t, int cutting) {
    if (capr__many && t->state == CAPR_READY && !t->running && /* woken already, and on its way to another worker */
        (t->wait_data == &capr__wait_interruptible || (t->wait_data == &capr__wait_restartable && cutting)))
        t->wait_data = &capr__wait_interrupted;
    if (t->state != CAPR_PARKED) return;
    if (t->wait_data == &capr__wait_interruptible || (t->wait_data == &capr__wait_restartable && cutting)) {
        t->wait_data = &capr__wait_interrupted;
        unqueue(t);
    }
}

/* The same, for a handler that is to run at once where the wait copes with being woken for nothing; others go on, and the handler runs when
 * they are through. */
static void end_wait_for_handler(struct capr_thread *t, int cutting) {
    end_wait(t, cutting);
    if (t->state == CAPR_PARKED && (t->wait_data == &capr__wait_restartable || (t->cancel_bits & (CAPR_CANCEL_AT_POINT | CAPR_PARK_LOOKS))))
        unqueue(t);
}

/* `t`, which does not run, is to run its handlers next; `cutting`: for a signal without SA_RESTART. */
static void interrupt(struct capr_thread *t, int cutting) {
    struct capr_extra *x = t->extra;
    if (t->ending) return;
    if (capr__many && t->state != CAPR_PARKED) {
        /* It runs, and has to give way to look; or it is ready, and any worker may go on with it meanwhile: it looks first thing then. */
        t->cancel_bits |= CAPR_SIGNALS_ASKED;
        if (t->running)
            capr__worker_interrupt(t);
        else
            end_wait(t, cutting);
        return;
    }
    if (capr__many) capr__wait_off(t); /* its worker may be about to leave it */
    if (!(t->cancel_bits & CAPR_SIGNALS_DUE)) {
        t->cancel_bits |= CAPR_SIGNALS_DUE;
        struct capr_switch_frame *frame = (struct capr_switch_frame *)t->sp;
        x->resume = frame->rip;
        frame->rip = (uint64_t)capr__signals_entry;
    }
    end_wait_for_handler(t, cutting);
}

/* Before it returns, as the kernel does it for who sends itself a signal; also on a worker whose mask has the process's signals not through. */
static int take_default(int number) {
    uint64_t bit = CAPR_SIGNAL_BIT(number), mask;
    if (capr__sys3(SYS_tgkill, getpid(), gettid(), number) < 0) return EAGAIN;
    if (capr__worker.number == 0) return 0;
    capr__sys4(SYS_rt_sigprocmask, SIG_UNBLOCK, (long)&bit, (long)&mask, 8);
    capr__sys4(SYS_rt_sigprocmask, SIG_SETMASK, (long)&mask, 0, 8);
    return 0;
}

int capr__signal_send(struct capr_thread *t, const siginfo_t *info) {
    struct capr_worker *w = &capr__worker;
    uint64_t bit = CAPR_SIGNAL_BIT(info->si_signo);
    const struct capr_extra *x = t->extra;
    int running = t == w->self, awaited = x && (x->awaited & bit);
    struct sigaction action;
    capr__signal_action(info->si_signo, &action);
    if (!(t->sigmask & bit) && !awaited) {
        int ignored = action.sa_handler == SIG_IGN || (action.sa_handler == SIG_DFL && (IGNORED_BY_DEFAULT & bit));
        if (ignored && info->si_signo != SIGCONT) return 0;
        /* The default action is the process's: the kernel's business. Some thread does not block it, so the worker does not. */
        if (action.sa_handler == SIG_DFL) return take_default(info->si_signo);
        if (running) {
            capr__signal_handle(info, NULL, 0);
            return 0;
        }
    }
    if (w->in_signal) { /* no place for malloc */
        capr__signals_note(t, info);
        return 0;
    }
    int error = queue(t, info);
    if (error || running) return error;
    if (awaited) {
        /* Woken already, perhaps, by a signalfd that was ready until the handler took the signal. */
        if (t->state == CAPR_READY && t->wait_data == &capr__wait_interruptible) t->wait_data = &capr__wait_interrupted;
        end_wait(t, 1);
    } else if (!(t->sigmask & bit))
        interrupt(t, !(action.sa_flags & SA_RESTART));
    return 0;
}

void capr__signals_asked(struct capr_thread *self) {
    int cutting = 0;
    for (uint64_t rest = capr__signals_of(self) & ~self->sigmask; rest; rest &= rest - 1) {
        struct sigaction action;
        capr__signal_action(__builtin_ctzll(rest) + 1, &action);
        cutting |= !(action.sa_flags & SA_RESTART);
    }
    end_wait_for_handler(self, cutting);
}

/* --- the notes ------------------------------------------------------------------------------------------------------------------- */

/* Who is to have a signal of the process: one that waits for it; else the main thread, as Linux does it; else anybody. */
static struct capr_thread *choose(int number) {
    uint64_t bit = CAPR_SIGNAL_BIT(number);
    struct capr_thread *found = NULL;
    for (struct capr_thread *t = capr__process.all; t; t = t->all_next) {
        const struct capr_extra *x = t->extra;
        if (x && (x->awaited & bit)) return t;
        if (!(t->sigmask & bit) && !t->ending && (!found || t == &capr__main_thread)) found = t;
    }
    return found;
}

void capr__signals_given(struct capr_thread *t, const siginfo_t *info, int cutting) {
    if (info->si_signo == 0) {
        end_wait(t, cutting);
        return;
    }
    if (info->si_signo == CAPR_NOTIFY_SIGNAL) {
        capr__notified(info);
        return;
    }
    if (t && t->state == CAPR_DONE) return; /* its own, and gone with it */
    if (!t) t = choose(info->si_signo);
    if (t)
        capr__signal_send(t, info);
    else /* everybody blocks it by now: the kernel keeps it */
        capr__sys3(SYS_rt_sigqueueinfo, getpid(), info->si_signo, (long)info);
}

/* --- the thread itself ----------------------------------------------------------------------------------------------------------- */

void capr__signals_run(void) {
    CAPR_MONITOR;
    struct capr_thread *self = capr__self();
    struct capr_extra *x = self->extra;
    if (capr__deadlock_turn == self) {
        capr__deadlock_chain();
        return;
    }
    capr__line_next(self->wait_data); /* where it is the first that waits for a lock: handlers may take long, or not come back */
    if (self->granted) capr__grant_back(self);
    capr__fd_waiter_end(self); /* and not when the handlers are through, which may fork or not come back */
    /* The wait that was cut short looks at these when it goes on, and the handler may wait too. */
    const uint8_t parked = self->cancel_bits & (CAPR_CANCEL_AT_POINT | CAPR_PARK_LOOKS), timed_out = self->timed_out;
    void *const wait_data = self->wait_data;
    struct capr_running_handler here;
    const uint64_t awaited = x->awaited;
    self->cancel_bits &= (uint8_t)~(CAPR_CANCEL_AT_POINT | CAPR_PARK_LOOKS | CAPR_SIGNALS_DUE | CAPR_SIGNALS_ASKED);
    self->wait_data = NULL;
    x->awaited = 0;
    capr__leaving_interrupted(self, &here);
    for (struct capr_pending *p; (p = take(x, ~self->sigmask));) {
        siginfo_t info = p->info;
        forget(p); /* now, since the handler may not come back */
        struct sigaction action;
        capr__signal_action(info.si_signo, &action);
        if (action.sa_handler == SIG_DFL)
            capr__signal_send(self, &info);
        else if (action.sa_handler != SIG_IGN)
            capr__signal_handle(&info, NULL, 0);
    }
    capr__leaving_resumed(self, &here);
    x->awaited = awaited;
    self->wait_data = wait_data;
    self->timed_out = timed_out;
    self->cancel_bits |= parked;
}

/* longjmp to a frame at `sp` with `chunk` as the last: if it leaves handlers that run, so it leaves what these interrupted. */
CAPR_HIDDEN void capr__signals_jump(uint64_t sp, struct capr_chunk *chunk) {
    const struct capr_target to = {sp, chunk};
    capr__leaving_jump(capr__self(), &to);
    capr__declared_left();
}
