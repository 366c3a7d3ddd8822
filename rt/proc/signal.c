/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Signal handlers: where they run, and what the program sees of it. A thread's chunk may have 200 bytes left when a signal comes,
 * and the kernel alone pushes 3,500 (11 KiB with AMX). So whatever the program installs, the kernel gets our trampoline with
 * SA_ONSTACK, and each worker an alternate stack. The trampoline runs with everything blocked and decides whose the signal is
 * (signals.h): it handles it for the running thread, or leaves a note. sigaction and its relatives keep the program's own view.
 * Plain code.
 */
#include "jmpbuf.h"
#include "message.h"
#include "notify.h"
#include "signals.h"

#include <limits.h>
#include <signal.h>
#include <sys/auxv.h>
#include <ucontext.h>

#include "../graph/call_back.h"
#include "../io/syscalls.h"
#include "../sched/preempt.h"
#include "../sched/rest.h"
#include "../sched/sched.h"
#include "../sched/workers.h"
#include "../thread/extra.h"
#include "../thread/thread.h"

/* <linux/signal.h>'s, which can't be included beside <signal.h>. */
#define SS_AUTODISARM INT_MIN

#define KERNEL_SA_RESTORER 0x04000000ul

struct kernel_action {
    void *handler;
    unsigned long flags;
    void (*restorer)(void);
    uint64_t mask;
};

/* The program's view of each signal whose handler is a function. */
static struct {
    void (*handler)(int, siginfo_t *, void *);
    int flags;
    uint64_t mask;
} actions[CAPR_SIGNALS + 1];

CAPR_HIDDEN char capr__wait_restartable, capr__wait_interruptible, capr__wait_interrupted;

CAPR_HIDDEN void capr__sigreturn(void); /* sigreturn.S */

/* epoll_wait.S */
extern CAPR_HIDDEN const char capr__epoll_wait_begin[], capr__epoll_wait_end[], capr__epoll_wait_abort[];

/* What a handler interrupted that runs apart from its thread's own stack; kept for the outermost one, where a thread may end. */
struct place {
    uint64_t limit, big_sp, rsp, context;
    uint32_t inside, kept_inside;
};
static _Thread_local struct place interrupted;

static struct place set_apart(struct capr_worker *w, uint64_t rsp) {
    struct place from = {capr__limit(), w->big_sp, rsp, w->context, w->inside, w->kept_inside};
    /* The count and the lock of the monitor change one after the other. */
    if (capr__many) w->kept_inside = w->inside = CAPR_SEE(capr__monitor) != w->number + 1 ? 0 : w->inside ? w->inside : 1;
    if (!w->in_signal++) interrupted = from;
    capr__set_limit(0);
    w->big_sp = 0;
    return from;
}

static void set_back(struct capr_worker *w, struct place to) {
    w->in_signal--;
    w->inside = to.inside;
    w->kept_inside = to.kept_inside;
    w->big_sp = to.big_sp;
    capr__set_limit(to.limit);
}

/* signal_leave.S */
CAPR_HIDDEN _Noreturn void capr__signal_leave(void *result, uint64_t limit, uint64_t big_sp, uint64_t rsp);

/* The mask of the kernel follows when the thread's own mask goes with it. */
CAPR_HIDDEN _Noreturn void capr__signal_exit(void *result) {
    struct capr_worker *w = &capr__worker;
    if (w->self == w->idle)
        capr__fatal("pthread_exit in a signal handler that came while all threads waited; take the signal by sigwait in the thread "
                    "that is to end, or let the handler set a flag");
    if (w->service_sp - interrupted.rsp < CAPR_SERVICE_STACK)
        capr__fatal_thread("pthread_exit in a signal handler that interrupted a change of stacks; let the handler set a flag");
    w->context = interrupted.context;
    capr__monitor_abandon();
    capr__signal_leave(result, interrupted.limit, interrupted.big_sp, interrupted.rsp);
}

/* A signal that the runtime answers to while the program has not set it: it has no handler in `actions`. */
static struct {
    int number;
    void (*answer)(void);
} own;

static void trampoline(int number, siginfo_t *info, void *context);

CAPR_HIDDEN void capr__signal_action(int number, struct sigaction *out) {
    if (actions[number].handler) {
        out->sa_sigaction = actions[number].handler;
        out->sa_flags = actions[number].flags;
        return;
    }
    struct kernel_action now;
    capr__sys4(SYS_rt_sigaction, number, 0, (long)&now, 8);
    out->sa_handler = now.handler == (void *)trampoline ? SIG_DFL : (__sighandler_t)now.handler;
    out->sa_flags = (int)now.flags;
}

CAPR_HIDDEN int capr__signals_have_handlers(void) {
    if (capr__notifies()) return 1;
    for (int i = 1; i <= CAPR_SIGNALS; i++)
        if (actions[i].handler) return 1;
    return 0;
}

static long set_action(int number, const struct sigaction *act, struct sigaction *old);

/* `t` runs a handler with these flags. */
static void count_cut(const struct capr_thread *t, int flags) {
    struct capr_extra *x = t->extra;
    if (x && !(flags & SA_RESTART)) x->cuts++;
}

/* The trampoline gives the running thread `mask`. Returns the kernel's that follows; `busy` where it came in the middle of such a change. */
static uint64_t masks_alone(struct capr_thread *self, uint64_t mask, uint64_t busy) {
    CAPR_MONITOR;
    capr__signals_mask_only(self, mask);
    return capr__signals_mask_busy ? busy : capr__signals_of_kernel();
}

CAPR_HIDDEN void capr__signal_handle(const siginfo_t *constant, void *context, int masked) {
    struct capr_worker *w = &capr__worker;
    struct capr_thread *self = w->self;
    siginfo_t info = *constant;
    ucontext_t own;
    int number = info.si_signo, flags = actions[number].flags;
    void (*handler)(int, siginfo_t *, void *) = actions[number].handler;
    if (flags & (int)SA_RESETHAND) {
        struct sigaction standard = {.sa_handler = SIG_DFL};
        set_action(number, &standard, NULL);
    }
    if (!context) {
        __builtin_memset(&own, 0, sizeof own);
        context = &own;
    }
    uint64_t mask = self->sigmask, inside = mask | actions[number].mask;
    if (!(flags & SA_NODEFER)) inside |= CAPR_SIGNAL_BIT(number);
    uint64_t *shown = (uint64_t *)&((ucontext_t *)context)->uc_sigmask, kernels = *shown, all = ~0ull;
    *shown = mask; /* which the handler may change, for the time after it */
    uint64_t here = (uint64_t)__builtin_frame_address(0);
    struct capr_extra *x = self->extra;
    uint64_t used = capr__signal_stack_meets(x, context == &own ? here : (uint64_t)((ucontext_t *)context)->uc_mcontext.gregs[REG_RSP]);
    char *top = flags & SA_ONSTACK ? capr__signal_stack_of_program(x, here) : NULL;
    size_t lent = top ? capr__signal_stack_lend(x, here) : 0; /* before any other signal can come */
    if (masked) {
        uint64_t now = masks_alone(self, inside, ~(CAPR_SIGNALS_OF_FAULTS & ~inside));
        capr__sys4(SYS_rt_sigprocmask, SIG_SETMASK, (long)&now, 0, 8);
    } else {
        capr__signals_handled++;
        count_cut(self, flags);
        capr__signals_set_mask(inside);
    }

    int saved_errno = *w->err;
    uint64_t word = capr__call_back_begins(w);
    uint32_t depth = masked ? 0 : capr__out();
    if (top) {
        struct place from = set_apart(w, here);
        capr__signal_call_on(top, handler, number, &info, context);
        set_back(w, from);
    } else {
        handler(number, &info, context);
    }
    capr__in(depth);
    capr__call_back_ends(w, word);
    *w->err = saved_errno;
    if (x) x->signal_stack_used = used;

    if (masked) {
        capr__sys4(SYS_rt_sigprocmask, SIG_SETMASK, (long)&all, 0, 8);
        *shown = masks_alone(self, *shown, kernels); /* what the kernel sets on return */
    } else {
        capr__signals_set_mask(*shown);
    }
    if (top) capr__signal_stack_back(lent);
}

/* Signals that the running instruction causes. */
static int is_fault(int number, const siginfo_t *info) {
    return info->si_code > 0 && (number == SIGSEGV || number == SIGBUS || number == SIGILL || number == SIGFPE || number == SIGTRAP);
}

/* Whether the running thread is to handle it here and now. Linux prefers the main thread, where that does not block it. If the main
 * thread waits in a call which a signal ends, that is what programs expect; else the handler runs at once all the same, as if
 * beside the running thread, whose calls it does not cut short. */
enum whose { NOT_OURS, OURS, BESIDE_OURS };
static enum whose is_ours(struct capr_worker *w, int number, const siginfo_t *info) {
    struct capr_thread *self = w->self, *first = &capr__main_thread;
    uint64_t bit = CAPR_SIGNAL_BIT(number);
    if (number == CAPR_NOTIFY_SIGNAL) return NOT_OURS;
    if (self == w->idle || self->state == CAPR_DONE) return NOT_OURS;
    if (is_fault(number, info)) return OURS;
    if (self->state == CAPR_PARKED) return NOT_OURS; /* it is leaving the worker, and is woken for it as soon as it has */
    if (w->busy == self) return NOT_OURS; /* it gives way, and a jump would lose whom to */
    if (w->spin_locks || (self->ending && info->si_code != SI_TKILL)) return NOT_OURS;
    if (self->sigmask & bit) return NOT_OURS;
    if (info->si_code == SI_TKILL || self == first || first->state == CAPR_DONE || (first->sigmask & bit)) return OURS;
    if (w->in_signal == 1 && capr__signals_main_waits()) return NOT_OURS;
    return BESIDE_OURS;
}

/* On a kernel thread that is no worker: as the kernel would have done it. */
static void foreign(int number, siginfo_t *info, ucontext_t *context) {
    uint64_t mask = *(uint64_t *)&context->uc_sigmask | actions[number].mask | CAPR_SIGNAL_BIT(number);
    void (*handler)(int, siginfo_t *, void *) = actions[number].handler;
    capr__sys4(SYS_rt_sigprocmask, SIG_SETMASK, (long)&mask, 0, 8);
    handler(number, info, context);
}

_Thread_local volatile int capr__call_to_end;

/* Our handler is for calls to be restarted after, which the kernel does by going back to the instruction: it goes on behind it. */
static void end_call(ucontext_t *c) {
    greg_t *registers = c->uc_mcontext.gregs;
    const unsigned char *at = (const unsigned char *)registers[REG_RIP];
    if (at[0] != 0x0f || at[1] != 0x05) return; /* syscall */
    registers[REG_RAX] = -EINTR;
    registers[REG_RIP] += 2;
}

/* A poll that has not begun to wait yet, after whoever runs here has something for the poll loop, is not to. */
static void leave_poll(ucontext_t *c) {
    greg_t *rip = &c->uc_mcontext.gregs[REG_RIP];
    if ((uint64_t)*rip - (uint64_t)capr__epoll_wait_begin < (uint64_t)(capr__epoll_wait_end - capr__epoll_wait_begin))
        *rip = (greg_t)capr__epoll_wait_abort;
}

/* What the kernel calls, on the alternate stack, with all signals blocked. Until it returns, or jumps away by siglongjmp, the worker
 * looks as if it were on a big stack with nothing to check: external calls and checkpoints go on in place, and nothing gives
 * way. */
static void trampoline(int number, siginfo_t *info, void *context) {
    struct capr_worker *w = &capr__worker;
    ucontext_t *c = context;
    enum capr_of_call of_call = CAPR_OF_NO_CALL;
    if (number == CAPR_NOTIFY_SIGNAL) {
        if (info->si_value.sival_ptr == &capr__turn_tick) {
            capr__turn_ticks(c);
            return;
        }
        if (info->si_value.sival_ptr == &capr__turn_alarm) {
            capr__alarm_rings();
            return;
        }
        if (w->self && info->si_code == SI_TKILL) {
            if (capr__many) {
                __atomic_exchange_n(&w->interrupted, 0, __ATOMIC_SEQ_CST); /* before it looks */
                capr__signals_follow(&c->uc_sigmask);
                capr__preempt_asked(c);
            }
            capr__preempt_returned(c);
            return;
        }
        if (!w->self && info->si_code == SI_TKILL) {
            if (capr__call_to_end) end_call(c);
            return;
        }
    } else {
        if (CAPR_SIGNAL_BIT(number) & CAPR_SIGNALS_OF_CALLS)
            of_call = capr__signal_of_call(number, info, context, actions[number].handler || number == own.number);
        if (of_call == CAPR_OF_CALL_DEALT) return;
        if (!actions[number].handler) {
            if (number != own.number) return; /* taken away since the kernel chose */
            own.answer();
            if (w->self) leave_poll(c);
            return;
        }
        if (!w->self) {
            foreign(number, info, c);
            return;
        }
    }
    struct place from = set_apart(w, (uint64_t)c->uc_mcontext.gregs[REG_RSP]);

    int to_end = capr__call_to_end;
    capr__call_to_end = 0; /* the handler may make calls, or jump away */
    leave_poll(c);
    enum whose whose = of_call == CAPR_OF_THIS_CALL ? OURS : is_ours(w, number, info);
    if (whose) {
        /* The thread may be about to wait; what it waits for must then see that a handler ran. */
        if (whose == OURS) {
            capr__note_add(w->self, NULL, !(actions[number].flags & SA_RESTART));
            capr__signals_handled++;
            count_cut(w->self, actions[number].flags);
        }
        capr__signal_handle(info, context, 1);
    } else if (is_fault(number, info)) { /* in the scheduler itself: no thread's */
        actions[number].handler(number, info, context);
    } else {
        capr__note_add(info->si_code == SI_TKILL && w->self != w->idle ? w->self : NULL, info, 0);
        const int midway = w->self != w->idle && (w->busy == w->self || w->spin_locks);
        if (w->number == 0 && (midway || capr__notes_half_full())) { /* until they have been read */
            capr__signals_closed = 1;
            *(uint64_t *)&c->uc_sigmask = ~(CAPR_SIGNALS_UNBLOCKABLE | CAPR_SIGNALS_OF_FAULTS);
        }
    }

    set_back(w, from);
    capr__call_to_end = to_end;
    if (to_end == CAPR_END_ON_WORKER) end_call(c);
}

/* What is ours to take whatever the program does. */
static const struct kernel_action to_trampoline = {(void *)trampoline, SA_SIGINFO | SA_ONSTACK | SA_RESTART | KERNEL_SA_RESTORER,
                                                   capr__sigreturn, ~0ull};

static int take_signal(int number) {
    int e = capr__signal_stack();
    return e ? e : (int)-capr__sys4(SYS_rt_sigaction, number, (long)&to_trampoline, 0, 8);
}

CAPR_HIDDEN int capr__signals_notify_signal(void) { return take_signal(CAPR_NOTIFY_SIGNAL); }

CAPR_HIDDEN int capr__signal_catch_default(int number) {
    struct kernel_action now;
    int e = capr__signal_stack();
    if (e) return e;
    capr__sys4(SYS_rt_sigaction, number, 0, (long)&now, 8);
    return now.handler == (void *)SIG_DFL ? take_signal(number) : 0;
}

CAPR_HIDDEN void capr__signal_own(int number, void (*answer)(void)) {
    struct sigaction now;
    capr__signal_action(number, &now);
    if (now.sa_handler != SIG_DFL) return;
    own.number = number;
    own.answer = answer;
    take_signal(number);
}

/* Changes what `number` does. `act` or `old` may be NULL. Returns 0 or -errno. */
static long set_action(int number, const struct sigaction *act, struct sigaction *old) {
    if (number < 1 || number > CAPR_SIGNALS || number == 32 || number == 33) /* libc keeps two for itself */
        return -EINVAL;
    struct kernel_action ours, before;
    int is_function = act && act->sa_handler != SIG_DFL && act->sa_handler != SIG_IGN;
    if (act) {
        __builtin_memcpy(&ours.mask, &act->sa_mask, 8);
        ours.flags = (unsigned int)act->sa_flags | KERNEL_SA_RESTORER;
        ours.handler = (void *)act->sa_handler;
        ours.restorer = capr__sigreturn;
        if (is_function) {
            int e = capr__signal_stack();
            if (e) return -e;
            ours.flags = (ours.flags | SA_SIGINFO | SA_ONSTACK) & ~((unsigned)SA_RESETHAND | SA_NODEFER);
            ours.handler = (void *)trampoline;
            ours.mask = ~0ull;
        } else if (act->sa_handler == SIG_DFL && capr__signals_caught & CAPR_SIGNAL_BIT(number)) {
            ours = to_trampoline;
        }
    }
    /* The signal must not come between the kernel's change and ours. */
    uint64_t all = ~0ull, mask;
    capr__sys4(SYS_rt_sigprocmask, SIG_SETMASK, (long)&all, (long)&mask, 8);
    long r = capr__sys4(SYS_rt_sigaction, number, act ? (long)&ours : 0, (long)&before, 8);
    if (r == 0) {
        struct sigaction view = {.sa_handler = (__sighandler_t)before.handler, .sa_flags = (int)before.flags};
        __builtin_memcpy(&view.sa_mask, &before.mask, 8);
        if (before.handler == (void *)trampoline) {
            view.sa_sigaction = actions[number].handler;
            view.sa_flags = actions[number].flags;
            __builtin_memcpy(&view.sa_mask, &actions[number].mask, 8);
        }
        if (act) {
            actions[number].handler = is_function ? act->sa_sigaction : NULL;
            __builtin_memcpy(&actions[number].mask, &act->sa_mask, 8);
            actions[number].flags = act->sa_flags | (int)KERNEL_SA_RESTORER; /* which the program sees of libc's too */
        }
        if (old) *old = view;
        if (act && act->sa_handler == SIG_IGN) capr__signals_discard(number);
    }
    capr__sys4(SYS_rt_sigprocmask, SIG_SETMASK, (long)&mask, 0, 8);
    return r;
}

/* The program is about to change the action of `number`. */
static void before_change(int number) {
    if (number >= 1 && number <= CAPR_SIGNALS && actions[number].handler) capr__signals_before_change(number);
}

/* sigaction(2). Async-signal-safe. May block until signals that have come are handled, where `number` has a handler. */
CAPR_INTERPOSE int sigaction(int number, const struct sigaction *restrict act, struct sigaction *restrict old) {
    CAPR_MONITOR;
    if (act) before_change(number);
    return (int)capr__result(set_action(number, act, old));
}

static __sighandler_t install(int number, __sighandler_t handler, int flags) {
    CAPR_MONITOR;
    struct sigaction act = {.sa_handler = handler, .sa_flags = flags}, old;
    if (!(flags & SA_NODEFER) && number >= 1 && number <= CAPR_SIGNALS) sigaddset(&act.sa_mask, number);
    before_change(number);
    long r = handler == SIG_ERR ? -EINVAL : set_action(number, &act, &old);
    return capr__result(r) < 0 ? SIG_ERR : old.sa_handler;
}

/* Signals of which siginterrupt has said that they interrupt calls. */
static uint64_t interrupting;
static int restart_flag(int number) {
    return number >= 1 && number <= CAPR_SIGNALS && (interrupting >> (number - 1) & 1) ? 0 : SA_RESTART;
}

/* signal(2) with BSD's meaning, under all its names; with System V's. */
CAPR_INTERPOSE __sighandler_t signal(int number, __sighandler_t handler) { return install(number, handler, restart_flag(number)); }
CAPR_INTERPOSE __sighandler_t bsd_signal(int number, __sighandler_t handler) { return signal(number, handler); }
CAPR_INTERPOSE __sighandler_t ssignal(int number, __sighandler_t handler) { return signal(number, handler); }
CAPR_INTERPOSE __sighandler_t __sysv_signal(int number, __sighandler_t handler) { return install(number, handler, (int)SA_RESETHAND | SA_NODEFER); }
CAPR_INTERPOSE __sighandler_t sysv_signal(int number, __sighandler_t handler) { return __sysv_signal(number, handler); }

/* sigignore(3): libc's own would change the action past us. */
CAPR_INTERPOSE int sigignore(int number) {
    struct sigaction act = {.sa_handler = SIG_IGN};
    return sigaction(number, &act, NULL);
}

/* siginterrupt(3). */
CAPR_INTERPOSE int siginterrupt(int number, int interrupt) {
    CAPR_MONITOR;
    struct sigaction act;
    if (sigaction(number, NULL, &act) < 0) return -1;
    uint64_t bit = 1ull << (number - 1);
    interrupting = interrupt ? interrupting | bit : interrupting & ~bit;
    act.sa_flags = interrupt ? act.sa_flags & ~SA_RESTART : act.sa_flags | SA_RESTART;
    return sigaction(number, &act, NULL);
}

/* sigset(3): SIG_HOLD blocks the signal, anything else installs a handler and unblocks it. */
CAPR_INTERPOSE __sighandler_t sigset(int number, __sighandler_t handler) {
    CAPR_MONITOR;
    if (number < 1 || number > CAPR_SIGNALS) {
        capr__result(-EINVAL);
        return SIG_ERR;
    }
    struct sigaction act = {.sa_handler = handler}, old;
    sigset_t bit, before;
    int hold = handler == SIG_HOLD;
    sigemptyset(&bit);
    sigaddset(&bit, number);
    if (sigaction(number, hold ? NULL : &act, &old) < 0) return SIG_ERR;
    sigprocmask(hold ? SIG_BLOCK : SIG_UNBLOCK, &bit, &before);
    return sigismember(&before, number) ? SIG_HOLD : old.sa_handler;
}

/* sigaltstack(2): of the calling thread. Handlers with SA_ONSTACK run there; all others have a stack of ours. */
CAPR_INTERPOSE int sigaltstack(const stack_t *restrict stack, stack_t *restrict old) {
    CAPR_MONITOR;
    struct capr_thread *self = capr__self();
    if (!self) return (int)capr__result(capr__sys2(SYS_sigaltstack, (long)stack, (long)old));
    struct capr_extra *x = self->extra;
    stack_t before = x ? x->signal_stack : (stack_t){0};
    int busy = (uint64_t)__builtin_frame_address(0) - (uint64_t)before.ss_sp < before.ss_size;
    if (stack) {
        if (busy) return (int)capr__result(-EPERM);
        int mode = stack->ss_flags & ~SS_AUTODISARM;
        if (mode && mode != SS_DISABLE && mode != SS_ONSTACK) return (int)capr__result(-EINVAL);
        if (!(stack->ss_flags & SS_DISABLE) && stack->ss_size < getauxval(AT_MINSIGSTKSZ)) return (int)capr__result(-ENOMEM);
        x = capr__extra(self);
        if (!x) return (int)capr__result(-ENOMEM);
        x->signal_stack = stack->ss_flags & SS_DISABLE ? (stack_t){0} : *stack;
    }
    if (old) {
        *old = before;
        old->ss_flags = !before.ss_size ? SS_DISABLE : busy ? SS_ONSTACK : 0;
    }
    return 0;
}
