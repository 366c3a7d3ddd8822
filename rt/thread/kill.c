/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * pthread_kill and pthread_sigqueue, in the simple form: the signal goes to the kernel thread that runs user-level threads, and its
 * handler runs at once on whichever of these runs, with the process's mask. What a signal does to the whole process (end,
 * stop) is right; a handler that asks pthread_self() sees the running thread. pthread_sigmask is glibc's: one mask for the worker.
 * A wait of the target that the handler would have cut short ends with EINTR: that is how servers get a thread out of accept or
 * poll (Apache's worker its listener), often with a handler that does nothing.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../proc/signals.h"
#include "../sched/sched.h"
#include "thread.h"

/* glibc keeps 32 and 33 for itself. */
static int valid(int signal) { return signal >= 0 && signal <= SIGRTMAX && (signal < 32 || signal >= SIGRTMIN); }

/* Sends by the system call `number`; `info` is for that of pthread_sigqueue. A signal that a kernel thread sends itself and does
 * not block is handled before the call returns, so the counts tell whether a handler ran. Returns 0 or an errno. */
static int send_to(struct capr_thread *t, long number, int signal, siginfo_t *info)
{
    unsigned int handled = capr__signals_handled, cutting = capr__signals_cutting;
    if (syscall(number, getpid(), gettid(), signal, info) < 0)
        return errno;
    if (capr__signals_handled != handled && capr__may_switch())
        capr__signals_end_wait(t, capr__signals_cutting != cutting);
    return 0;
}

/* POSIX pthread_kill. `signal` 0 sends nothing. Returns 0 (also for a thread that has ended and was not joined), EINVAL for no
 * signal, ESRCH for the null handle. Never blocks. */
CAPR_INTERPOSE int pthread_kill(pthread_t thread, int signal)
{
    struct capr_thread *t = (struct capr_thread *)thread;
    if (!t)
        return ESRCH;
    if (!valid(signal))
        return EINVAL;
    if (signal == 0 || t->state == CAPR_DONE)
        return 0;
    return send_to(t, SYS_tgkill, signal, NULL);
}

/* Linux pthread_sigqueue: the same with a value. Also EAGAIN when too many signals are queued. */
CAPR_INTERPOSE int pthread_sigqueue(pthread_t thread, int signal, const union sigval value)
{
    struct capr_thread *t = (struct capr_thread *)thread;
    if (!t)
        return ESRCH;
    if (!valid(signal))
        return EINVAL;
    if (signal == 0 || t->state == CAPR_DONE)
        return 0;
    siginfo_t info = { .si_signo = signal, .si_code = SI_QUEUE };
    info.si_pid = getpid();
    info.si_uid = getuid();
    info.si_value = value;
    return send_to(t, SYS_rt_tgsigqueueinfo, signal, &info);
}
