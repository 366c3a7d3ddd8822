/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Waiting for signals: pause and sigsuspend wait for a handler to run, sigwait and its relatives take a blocked signal. The second
 * go through a signalfd, which the poll loop can wait for where sigtimedwait would stop the worker. The mask that sigsuspend sets
 * is the worker's, so threads that run meanwhile have it too. Fat code.
 */
#include <signal.h>
#include <time.h>

#include "../io/poll.h"
#include "../io/syscalls.h"
#include "../thread/cancel.h"
#include "signals.h"

/* Parks until a handler has run since `handled` was read. */
static void wait_handler(unsigned int handled) {
    struct capr_thread *self = capr__self();
    while (capr__signals_handled == handled && !capr__cancel_due(self)) {
        capr__queue_push(&capr__signals_pausers, self);
        capr__worker.fd_waiters++; /* the poll loop is to look at signals though others run */
        capr__park_point(CAPR_FOREVER);
        capr__worker.fd_waiters--;
    }
}

/* pause(2). Blocks. Cancellation point. */
CAPR_INTERPOSE int pause(void) {
    capr__cancel_point();
    if (!capr__may_switch()) return (int)capr__result(capr__sys1(SYS_pause, 0));
    wait_handler(capr__signals_handled);
    capr__cancel_point();
    return (int)capr__result(-EINTR);
}

/* sigsuspend(2). Blocks. Cancellation point. */
CAPR_INTERPOSE int sigsuspend(const sigset_t *mask) {
    capr__cancel_point();
    if (!capr__may_switch()) return (int)capr__result(capr__sys2(SYS_rt_sigsuspend, (long)mask, 8));
    uint64_t saved;
    unsigned int handled = capr__signals_handled;
    long r = capr__sys4(SYS_rt_sigprocmask, SIG_SETMASK, (long)mask, (long)&saved, 8);
    if (r < 0) return (int)capr__result(r);
    wait_handler(handled);
    capr__sys4(SYS_rt_sigprocmask, SIG_SETMASK, (long)&saved, 0, 8);
    capr__cancel_point();
    return (int)capr__result(-EINTR);
}

/* Takes a pending signal of `set`, waiting until `deadline`. Returns its number or -errno. */
static long take_signal(const sigset_t *set, siginfo_t *info, uint64_t deadline) {
    struct timespec zero = {0, 0};
    for (;;) {
        long r = capr__sys4(SYS_rt_sigtimedwait, (long)set, (long)info, (long)&zero, 8);
        if (r != -EAGAIN || deadline == 0) return r;
        long fd = capr__sys4(SYS_signalfd4, -1, (long)set, 8, 02000000 /* SFD_CLOEXEC */);
        if (fd < 0) return fd;
        capr__fd_fresh((int)fd, CAPR_FD_NOWAIT, 0);
        struct pollfd p = {(int)fd, POLLIN, 0};
        r = capr__poll(&p, 1, deadline, NULL);
        capr__fd_forget((int)fd);
        capr__sys1(SYS_close, fd);
        if (r == 0) return -EAGAIN;
        if (r < 0) return r;
    }
}

static int wait_signal(const sigset_t *set, siginfo_t *info, const struct timespec *timeout) {
    capr__cancel_point();
    if (!capr__may_switch()) return (int)capr__result(capr__sys4(SYS_rt_sigtimedwait, (long)set, (long)info, (long)timeout, 8));
    uint64_t deadline;
    int e = capr__poll_deadline(timeout, &deadline);
    long r = e ? -e : take_signal(set, info, deadline);
    if (r == -EINTR) capr__cancel_point();
    return (int)capr__result(r);
}

/* sigtimedwait(2), sigwaitinfo(2): the signals have to be blocked. EAGAIN at the deadline, EINTR by a handler. Block. Cancellation
 * points. */
CAPR_INTERPOSE int sigtimedwait(const sigset_t *restrict set, siginfo_t *restrict info, const struct timespec *restrict timeout) {
    return wait_signal(set, info, timeout);
}

CAPR_INTERPOSE int sigwaitinfo(const sigset_t *restrict set, siginfo_t *restrict info) { return wait_signal(set, info, NULL); }

/* sigwait(3): returns an error number, never EINTR. */
CAPR_INTERPOSE int sigwait(const sigset_t *restrict set, int *restrict number) {
    capr__cancel_point();
    if (!capr__may_switch()) {
        long r;
        do r = capr__sys4(SYS_rt_sigtimedwait, (long)set, 0, 0, 8);
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
