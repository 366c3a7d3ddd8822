/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * SIGPIPE and SIGXFSZ: signals that the kernel sends to the very thread whose call failed, with EPIPE or EFBIG. A library that must
 * not disturb its program blocks SIGPIPE in its own thread, writes, and takes the signal away by sigtimedwait; so a thread's own
 * must be pending for that thread alone, whoever blocks what besides. The kernel knows one thread, the worker, and would give it to
 * a handler of another thread's, end the process, or keep it where anybody's sigwait finds it.
 *
 * So from the moment that some thread blocks one of them the kernel's mask does not hold it any more and its default action is
 * our trampoline's too: each one comes here, where the instruction that it came after tells a call's from one that somebody
 * sent. Programs that block neither pay nothing, and those that do pay when such a signal comes. One for the process that all
 * threads block is held: handed back to the kernel, whose mask holds it until somebody takes it. Plain code.
 */
#include <signal.h>
#include <ucontext.h>

#include "../io/syscalls.h"
#include "../sched/sched.h"
#include "signals.h"

/* So long a signal may go from one worker to the next. */
#define SETTLING_NS 100000000

CAPR_HIDDEN uint64_t capr__signals_caught, capr__signals_held;

CAPR_HIDDEN void capr__signals_catch(uint64_t set) {
    for (uint64_t rest = set & CAPR_SIGNALS_OF_CALLS & ~capr__signals_caught; rest; rest &= rest - 1) {
        int number = __builtin_ctzll(rest) + 1;
        if (capr__signal_catch_default(number) == 0) capr__signals_caught |= CAPR_SIGNAL_BIT(number);
    }
}

/* Whether the call that was interrupted sent the signal, being the last thing that its thread did: kill and its like return 0. */
static int by_call(const siginfo_t *info, const ucontext_t *c) {
    const greg_t *registers = c->uc_mcontext.gregs;
    greg_t result = registers[REG_RAX];
    if (info->si_code != SI_USER || info->si_pid != capr__sys1(SYS_getpid, 0)) return 0;
    if (result == -EPIPE || result == -EFBIG) return 1;
    const unsigned char *before = (const unsigned char *)registers[REG_RIP] - 2;
    /* It did a part of its work. Before the first bytes of a page there may be nothing to read. */
    return result > 0 && ((uint64_t)before & 4095) < 4094 && before[0] == 0x0f && before[1] == 0x05; /* syscall */
}

/* The default action of both: the process ends by the signal as soon as the trampoline returns. */
static void end_process(int number) {
    struct sigaction standard = {.sa_handler = SIG_DFL};
    capr__sys4(SYS_rt_sigaction, number, (long)&standard, 0, 8);
    capr__sys3(SYS_tgkill, capr__sys1(SYS_getpid, 0), capr__sys1(SYS_gettid, 0), number);
}

CAPR_HIDDEN enum capr_of_call capr__signal_of_call(int number, siginfo_t *info, void *context, int has_handler) {
    struct capr_worker *w = &capr__worker;
    uint64_t bit = CAPR_SIGNAL_BIT(number);
    if (!(capr__signals_caught & bit)) return CAPR_OF_NO_CALL;
    enum capr_of_call whose = CAPR_OF_NO_CALL;
    if (w->self && w->self != w->idle && w->self->state != CAPR_DONE && by_call(info, context)) {
        whose = CAPR_OF_THIS_CALL;
        if (w->self->sigmask & bit) {
            capr__signals_note(w->self, info);
            return CAPR_OF_CALL_DEALT;
        }
    } else if (w->self && info->si_code != SI_TKILL && capr__signals_all_block(number)) {
        /* Again to the process, while the trampoline's mask lets nothing through, and from then on the worker's does not. Other workers may
         * get it in turn, until none is left whose mask has it through. */
        __atomic_or_fetch(&capr__signals_held, bit, __ATOMIC_SEQ_CST);
        capr__signals_hold_too(bit, &((ucontext_t *)context)->uc_sigmask);
        /* With who sent it, which the kernel has only from a process's first thread. */
        if (capr__sys3(SYS_rt_sigqueueinfo, capr__sys1(SYS_getpid, 0), number, (long)info) == -EPERM)
            capr__sys2(SYS_kill, capr__sys1(SYS_getpid, 0), number);
        return CAPR_OF_CALL_DEALT;
    } else {
        capr__signals_let_go(bit);
    }
    if (has_handler) return whose;
    end_process(number);
    return CAPR_OF_CALL_DEALT;
}

CAPR_HIDDEN void capr__signals_taken(int number) {
    if (!(capr__signals_held & CAPR_SIGNAL_BIT(number))) return;
    capr__signals_let_go(CAPR_SIGNAL_BIT(number));
    capr__signals_mask_differs();
}

CAPR_HIDDEN void capr__signals_settle(uint64_t bits) {
    uint64_t all = ~0ull, mask, pending = 0, until = capr__now() + SETTLING_NS;
    for (int again = 0; (pending & bits) != bits && (!again || capr__now() < until); again = 1) {
        if (again) capr__sys1(SYS_sched_yield, 0);
        capr__sys4(SYS_rt_sigprocmask, SIG_SETMASK, (long)&all, (long)&mask, 8);
        capr__sys2(SYS_rt_sigpending, (long)&pending, 8);
        capr__sys4(SYS_rt_sigprocmask, SIG_SETMASK, (long)&mask, 0, 8);
    }
    if (!(bits & ~pending)) return;
    capr__signals_let_go(bits & ~pending); /* somebody has read them from a signalfd */
    capr__signals_mask_differs();
}

CAPR_HIDDEN void capr__signal_of_job(int number) {
    siginfo_t info = {.si_signo = number, .si_code = SI_USER};
    info.si_pid = (pid_t)capr__sys1(SYS_getpid, 0);
    info.si_uid = (uid_t)capr__sys1(SYS_getuid, 0);
    if (capr__self()) capr__signal_send(capr__self(), &info);
}
