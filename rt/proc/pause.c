/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Waiting for signals: pause and sigsuspend wait for the calling thread to run a handler, sigwait and its relatives take a blocked
 * signal: one that is pending for the thread alone (sigqueue.c) or for the process, in the kernel. For the second they go through
 * a signalfd, which the poll loop can wait for where sigtimedwait would stop the worker. Fat code.
 */
#include <signal.h>
#include <time.h>

#include "../io/poll.h"
#include "../io/syscalls.h"
#include "../thread/cancel.h"
#include "signals.h"

/* Parks until the thread has run a handler, since `handled` was read and nothing else could run. */
static void wait_handler(unsigned int handled) {
    struct capr_thread *self = capr__self();
    if (capr__signals_handled != handled) return;
    for (int interrupted = 0; !interrupted && !capr__cancel_due(self);) {
        capr__signals_wait_begin(self, &capr__wait_interruptible);
        if (capr__signals_handled != handled) { /* between the look and the mark */
            self->wait_data = NULL;
            return;
        }
        capr__park_point(CAPR_FOREVER);
        interrupted = capr__signals_wait_end(self);
    }
}

/* pause(2). Blocks. Cancellation point. */
CAPR_INTERPOSE int pause(void) {
    CAPR_MONITOR;
    capr__cancel_point();
    if (!capr__may_switch()) return (int)capr__result(CAPR_OUTSIDE(capr__sys1(SYS_pause, 0)));
    wait_handler(capr__signals_handled);
    capr__cancel_point();
    return (int)capr__result(-EINTR);
}

/* sigsuspend(2). Blocks. Cancellation point. */
CAPR_INTERPOSE int sigsuspend(const sigset_t *set) {
    CAPR_MONITOR;
    capr__cancel_point();
    uint64_t mask;
    __builtin_memcpy(&mask, set, 8);
    struct capr_thread *self = capr__self();
    if (!capr__may_switch()) return (int)capr__result(CAPR_OUTSIDE(capr__sys2(SYS_rt_sigsuspend, (long)set, 8)));
    uint64_t saved = self->sigmask;
    unsigned int handled = capr__signals_handled;
    capr__signals_set_mask(mask);
    wait_handler(handled);
    capr__signals_set_mask(saved);
    capr__cancel_point();
    return (int)capr__result(-EINTR);
}

/* sigpause(3), whose argument is a signal or, in BSD, a mask. */
CAPR_INTERPOSE int __xpg_sigpause(int number) {
    CAPR_MONITOR;
    uint64_t mask = 0;
    sigset_t set;
    if (number < 1 || number > CAPR_SIGNALS) return (int)capr__result(-EINVAL);
    sigprocmask(SIG_BLOCK, NULL, &set);
    __builtin_memcpy(&mask, &set, 8);
    mask &= ~CAPR_SIGNAL_BIT(number);
    __builtin_memcpy(&set, &mask, 8);
    return sigsuspend(&set);
}
CAPR_INTERPOSE int __sigpause(int argument, int is_signal) {
    CAPR_MONITOR;
    if (is_signal) return __xpg_sigpause(argument);
    sigset_t set = {{(unsigned int)argument}};
    return sigsuspend(&set);
}
int bsd_sigpause(int mask) __asm__("sigpause"); /* <signal.h> makes the name another one */
CAPR_INTERPOSE int bsd_sigpause(int mask) { return __sigpause(mask, 0); }

/* Takes a pending signal of `set`, waiting until `deadline`. Returns its number or -errno. */
static long take_signal(const sigset_t *set, siginfo_t *info, uint64_t deadline) {
    struct timespec zero = {0, 0};
    uint64_t wanted;
    __builtin_memcpy(&wanted, set, 8);
    for (;;) {
        if (capr__signals_pending) capr__signals_gather();
        long r = capr__signal_take(wanted, info);
        if (r == 0) {
            if (capr__signals_held & wanted) capr__signals_settle(capr__signals_held & wanted);
            r = CAPR_OUTSIDE(capr__sys4(SYS_rt_sigtimedwait, (long)set, (long)info, (long)&zero, 8));
            if (r > 0) capr__signals_taken((int)r);
        }
        if (r != -EAGAIN || deadline == 0) return r;
        long fd = capr__sys4(SYS_signalfd4, -1, (long)set, 8, 02000000 /* SFD_CLOEXEC */);
        uint64_t until = deadline, soon = fd < 0 ? capr__now() + CAPR_FD_RETRY_NS : CAPR_FOREVER;
        if (soon < until) until = soon; /* no descriptor is left: the kernel is asked from time to time */
        if (fd >= 0) capr__fd_fresh((int)fd, CAPR_FD_NOWAIT, 0);
        struct pollfd p = {(int)fd, POLLIN, 0};
        r = -capr__signals_await(wanted);
        if (r == 0) r = capr__poll(&p, fd >= 0, until, NULL);
        capr__signals_await(0);
        if (fd >= 0) {
            capr__fd_forget((int)fd);
            capr__sys1(SYS_close, fd);
        }
        if (r == 0 && until < deadline) continue;
        if (r == 0) return -EAGAIN;
        if (r < 0 && !(capr__signals_of(capr__self()) & wanted)) return r;
    }
}

static int wait_signal(const sigset_t *set, siginfo_t *info, const struct timespec *timeout) {
    capr__cancel_point();
    if (!capr__may_switch()) return (int)capr__result(CAPR_OUTSIDE(capr__sys4(SYS_rt_sigtimedwait, (long)set, (long)info, (long)timeout, 8)));
    uint64_t deadline;
    int e = capr__poll_deadline(timeout, &deadline);
    long r = e ? -e : take_signal(set, info, deadline);
    if (r == -EINTR) capr__cancel_point();
    if (r > 0 && info && info->si_code == SI_TKILL) info->si_code = SI_USER; /* as libc has it */
    return (int)capr__result(r);
}

/* sigtimedwait(2), sigwaitinfo(2): the signals have to be blocked. EAGAIN at the deadline, EINTR by a handler. Block. Cancellation
 * points. */
CAPR_INTERPOSE int sigtimedwait(const sigset_t *restrict set, siginfo_t *restrict info, const struct timespec *restrict timeout) {
    CAPR_MONITOR;
    return wait_signal(set, info, timeout);
}

CAPR_INTERPOSE int sigwaitinfo(const sigset_t *restrict set, siginfo_t *restrict info) { CAPR_MONITOR; return wait_signal(set, info, NULL); }

/* sigwait(3): returns an error number, never EINTR. */
CAPR_INTERPOSE int sigwait(const sigset_t *restrict set, int *restrict number) {
    CAPR_MONITOR;
    capr__cancel_point();
    if (!capr__may_switch()) {
        long r;
        do r = CAPR_OUTSIDE(capr__sys4(SYS_rt_sigtimedwait, (long)set, 0, 0, 8));
        while (r == -EINTR);
        if (r > 0) *number = (int)r;
        return r > 0 ? 0 : (int)-r;
    }
    for (;;) {
        long r = take_signal(set, NULL, CAPR_FOREVER);
        if (r > 0) {
            *number = (int)r;
            return 0;
        }
        if (r != -EINTR) return (int)-r;
        capr__cancel_point();
    }
}
