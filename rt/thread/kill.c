/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * pthread_kill, pthread_sigqueue and raise: to the thread itself at once, to another as proc/sigqueue.c does it. A wait of the
 * target that a handler would cut short ends with EINTR: that is how servers get a thread out of accept or poll (Apache's worker
 * its listener), often with a handler that does nothing.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include "../io/syscalls.h"
#include "../proc/signals.h"
#include "../sched/sched.h"
#include "thread.h"

/* glibc keeps 32 and 33 for itself. */
static int valid(int signal) { return signal >= 0 && signal <= SIGRTMAX && (signal < 32 || signal >= SIGRTMIN); }

static int send_to(pthread_t thread, int signal, int code, union sigval value) {
    if (!valid(signal)) return EINVAL;
    if (!capr__self()) /* a kernel thread that is no worker: it has itself, and else the process */
        return (int)-(thread == pthread_self() ? capr__sys3(SYS_tgkill, getpid(), gettid(), signal) : capr__sys2(SYS_kill, getpid(), signal));
    capr__turn_look();
    struct capr_thread *t = capr__thread_of(thread);
    if (!t) return ESRCH;
    if (signal == 0 || t->state == CAPR_DONE) return 0;
    siginfo_t info = { .si_signo = signal, .si_code = code };
    info.si_pid = getpid();
    info.si_uid = getuid();
    info.si_value = value;
    return capr__signal_send(t, &info);
}

/* POSIX pthread_kill. `signal` 0 sends nothing. Returns 0 (also for a thread that has ended and was not joined), EINVAL for no
 * signal, ESRCH for a thread that was joined, EAGAIN without memory. Never blocks, unless the caller is the target: then its
 * handler runs. */
CAPR_INTERPOSE int pthread_kill(pthread_t thread, int signal) {
    CAPR_MONITOR;
    return send_to(thread, signal, SI_TKILL, (union sigval){ 0 });
}

/* Linux pthread_sigqueue: the same with a value. */
CAPR_INTERPOSE int pthread_sigqueue(pthread_t thread, int signal, const union sigval value) {
    CAPR_MONITOR;
    return send_to(thread, signal, SI_QUEUE, value);
}

/* C and POSIX raise: to the calling thread. Returns 0, or -1 with EINVAL. */
CAPR_INTERPOSE int raise(int signal) {
    CAPR_MONITOR;
    return (int)capr__result(-pthread_kill(pthread_self(), signal));
}
