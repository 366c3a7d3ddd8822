/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Signal handlers: where they run, and what the program sees of it. A thread's chunk may have 200 bytes left when a signal comes,
 * and the kernel alone pushes 3,500 (11 KiB with AMX). So whatever the program installs, the kernel gets our trampoline with
 * SA_ONSTACK, and each worker an alternate stack. sigaction and its relatives keep the program's own view. Plain code.
 */
#include "jmpbuf.h"
#include "message.h"
#include "signals.h"

#include <limits.h>
#include <signal.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <ucontext.h>

#include "../io/syscalls.h"
#include "../sched/sched.h"
#include "../thread/thread.h"

/* Bytes for handlers beside the kernel's frames: they run in place on this stack however deep they go, since a chunk can't be
 * linked in the middle of linking another. Only touched pages become memory. Nested handlers share it. */
#define HANDLER_ROOM (256u << 10)
#define GUARD 4096u

/* <linux/signal.h>'s, which can't be included beside <signal.h>. */
#define SS_AUTODISARM INT_MIN

#define SIGNALS 64
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
} actions[SIGNALS + 1];

static stack_t program_stack = {.ss_flags = SS_DISABLE}; /* what the program gave to sigaltstack */

CAPR_HIDDEN char capr__wait_restartable, capr__wait_interruptible, capr__wait_interrupted;
CAPR_HIDDEN volatile unsigned int capr__signals_handled, capr__signals_cutting;
CAPR_HIDDEN volatile int capr__signals_pending;
CAPR_HIDDEN struct capr_queue capr__signals_pausers;

CAPR_HIDDEN void capr__sigreturn(void); /* sigreturn.S */

/* epoll_wait.S */
extern CAPR_HIDDEN const char capr__epoll_wait_begin[], capr__epoll_wait_end[], capr__epoll_wait_abort[];

/* Bits of capr__signals_pending. */
enum { HANDLED = 1, HANDLED_WITHOUT_RESTART = 2 };

/* What the outermost handler interrupted. */
static struct {
    uint64_t limit, big_sp;
    ucontext_t *context;
} interrupted;

/* signal_leave.S */
CAPR_HIDDEN _Noreturn void capr__signal_leave(void *result, uint64_t limit, uint64_t big_sp, uint64_t rsp);

CAPR_HIDDEN _Noreturn void capr__signal_exit(void *result) {
    struct capr_worker *w = &capr__worker;
    uint64_t rsp = (uint64_t)interrupted.context->uc_mcontext.gregs[REG_RSP];
    if (w->self == w->idle)
        capr__fatal("pthread_exit in a signal handler that came while all threads waited; take the signal by sigwait in the thread "
                    "that is to end, or let the handler set a flag");
    if (w->service_sp - rsp < CAPR_SERVICE_STACK)
        capr__fatal_thread("pthread_exit in a signal handler that interrupted a change of stacks; let the handler set a flag");
    capr__sys6(SYS_rt_sigprocmask, SIG_SETMASK, (long)&interrupted.context->uc_sigmask, 0, 8, 0, 0);
    capr__signal_leave(result, interrupted.limit, interrupted.big_sp, rsp);
}

/* What the kernel calls, on the alternate stack. Until the handler returns, or jumps away by siglongjmp, the worker looks as if
 * it were on a big stack with nothing to check: external calls and checkpoints go on in place, and nothing gives way. */
static void trampoline(int number, siginfo_t *info, void *context) {
    struct capr_worker *w = &capr__worker;
    uint64_t limit = capr__limit(), big_sp = w->big_sp;
    int *err = w->err ? w->err : &errno, saved_errno = *err;
    if (!w->in_signal) {
        interrupted.limit = limit;
        interrupted.big_sp = big_sp;
        interrupted.context = context;
    }
    capr__set_limit(0);
    w->big_sp = 0;
    w->in_signal++;

    greg_t *rip = &((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP];
    if ((uint64_t)*rip - (uint64_t)capr__epoll_wait_begin < (uint64_t)(capr__epoll_wait_end - capr__epoll_wait_begin))
        *rip = (greg_t)capr__epoll_wait_abort;

    void (*handler)(int, siginfo_t *, void *) = actions[number].handler;
    int flags = actions[number].flags;
    if (flags & (int)SA_RESETHAND) actions[number].handler = NULL;
    capr__signals_handled++;
    capr__signals_cutting += !(flags & SA_RESTART);
    __atomic_fetch_or(&capr__signals_pending, flags & SA_RESTART ? HANDLED : HANDLED | HANDLED_WITHOUT_RESTART, __ATOMIC_SEQ_CST);
    handler(number, info, context);

    *err = saved_errno;
    w->in_signal--;
    w->big_sp = big_sp;
    capr__set_limit(limit);
}

CAPR_HIDDEN void capr__signals_end_wait(struct capr_thread *t, int without_restart) {
    if (t->state != CAPR_PARKED) return;
    if (t->wait_data == &capr__wait_interruptible || (t->wait_data == &capr__wait_restartable && without_restart)) {
        t->wait_data = &capr__wait_interrupted;
        if (t->queue) capr__queue_remove(t);
        capr__ready(t);
    }
}

CAPR_HIDDEN void capr__signals_deliver(void) {
    int what = __atomic_exchange_n(&capr__signals_pending, 0, __ATOMIC_SEQ_CST);
    if (!what) return;
    while (capr__wake_one(&capr__signals_pausers)) {
    }
    capr__signals_end_wait(&capr__main_thread, what & HANDLED_WITHOUT_RESTART);
}

CAPR_HIDDEN int capr__signal_stack(void) {
    static _Thread_local int done;
    if (done) return 0;
    size_t size = (getauxval(AT_MINSIGSTKSZ) + HANDLER_ROOM + GUARD + 4095) & ~4095ul;
    long p =
        capr__sys6(SYS_mmap, 0, (long)size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
    if (capr__is_error(p)) return (int)-p;
    capr__sys3(SYS_mprotect, p, GUARD, PROT_NONE);
    stack_t stack = {.ss_sp = (char *)p + GUARD, .ss_size = size - GUARD};
    long r = capr__sys2(SYS_sigaltstack, (long)&stack, 0);
    done = r == 0;
    return (int)-r;
}

/* Changes what `number` does. `act` or `old` may be NULL. Returns 0 or -errno. */
static long set_action(int number, const struct sigaction *act, struct sigaction *old) {
    if (number < 1 || number > SIGNALS || number == 32 || number == 33) /* libc keeps two for itself */
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
            ours.flags |= SA_SIGINFO | SA_ONSTACK;
            ours.handler = (void *)trampoline;
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
        }
        if (act) {
            actions[number].handler = is_function ? act->sa_sigaction : NULL;
            actions[number].flags = act->sa_flags | (int)KERNEL_SA_RESTORER; /* which the program sees of libc's too */
        }
        if (old) *old = view;
    }
    capr__sys4(SYS_rt_sigprocmask, SIG_SETMASK, (long)&mask, 0, 8);
    return r;
}

/* sigaction(2). Async-signal-safe. */
CAPR_INTERPOSE int sigaction(int number, const struct sigaction *restrict act, struct sigaction *restrict old) {
    return (int)capr__result(set_action(number, act, old));
}

static __sighandler_t install(int number, __sighandler_t handler, int flags) {
    struct sigaction act = {.sa_handler = handler, .sa_flags = flags}, old;
    if (!(flags & SA_NODEFER) && number >= 1 && number <= SIGNALS) sigaddset(&act.sa_mask, number);
    long r = handler == SIG_ERR ? -EINVAL : set_action(number, &act, &old);
    return capr__result(r) < 0 ? SIG_ERR : old.sa_handler;
}

/* Signals of which siginterrupt has said that they interrupt calls. */
static uint64_t interrupting;
static int restart_flag(int number) {
    return number >= 1 && number <= SIGNALS && (interrupting >> (number - 1) & 1) ? 0 : SA_RESTART;
}

/* signal(2) with BSD's meaning, under all its names; with System V's. */
CAPR_INTERPOSE __sighandler_t signal(int number, __sighandler_t handler) { return install(number, handler, restart_flag(number)); }
CAPR_INTERPOSE __sighandler_t bsd_signal(int number, __sighandler_t handler) { return signal(number, handler); }
CAPR_INTERPOSE __sighandler_t ssignal(int number, __sighandler_t handler) { return signal(number, handler); }
CAPR_INTERPOSE __sighandler_t __sysv_signal(int number, __sighandler_t handler) {
    return install(number, handler, (int)SA_RESETHAND | SA_NODEFER);
}
CAPR_INTERPOSE __sighandler_t sysv_signal(int number, __sighandler_t handler) { return __sysv_signal(number, handler); }

/* siginterrupt(3). */
CAPR_INTERPOSE int siginterrupt(int number, int interrupt) {
    struct sigaction act;
    if (sigaction(number, NULL, &act) < 0) return -1;
    uint64_t bit = 1ull << (number - 1);
    interrupting = interrupt ? interrupting | bit : interrupting & ~bit;
    act.sa_flags = interrupt ? act.sa_flags & ~SA_RESTART : act.sa_flags | SA_RESTART;
    return sigaction(number, &act, NULL);
}

/* sigset(3): SIG_HOLD blocks the signal, anything else installs a handler and unblocks it. */
CAPR_INTERPOSE __sighandler_t sigset(int number, __sighandler_t handler) {
    if (number < 1 || number > SIGNALS) {
        capr__result(-EINVAL);
        return SIG_ERR;
    }
    uint64_t bit = 1ull << (number - 1), before;
    struct sigaction act = {.sa_handler = handler}, old;
    int hold = handler == SIG_HOLD;
    if (sigaction(number, hold ? NULL : &act, &old) < 0) return SIG_ERR;
    capr__sys4(SYS_rt_sigprocmask, hold ? SIG_BLOCK : SIG_UNBLOCK, (long)&bit, (long)&before, 8);
    return before & bit ? SIG_HOLD : old.sa_handler;
}

/* sigaltstack(2): handlers have a stack of ours already, so the program's is remembered and reported, and not used. */
CAPR_INTERPOSE int sigaltstack(const stack_t *restrict stack, stack_t *restrict old) {
    stack_t before = program_stack;
    int busy = capr__worker.in_signal && !(before.ss_flags & SS_DISABLE);
    if (stack) {
        if (busy) return (int)capr__result(-EPERM);
        if (stack->ss_flags & ~(SS_DISABLE | SS_ONSTACK | SS_AUTODISARM)) return (int)capr__result(-EINVAL);
        if (!(stack->ss_flags & SS_DISABLE) && stack->ss_size < getauxval(AT_MINSIGSTKSZ)) return (int)capr__result(-ENOMEM);
        program_stack = *stack;
        program_stack.ss_flags &= SS_DISABLE;
    }
    if (old) {
        *old = before;
        old->ss_flags |= busy ? SS_ONSTACK : 0;
    }
    return 0;
}
