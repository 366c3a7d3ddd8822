/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Waiting for child processes. Each look is a call with WNOHANG; in between the thread waits for a pidfd where it wants the end
 * of one certain child, and by time where it wants the end of any of several. No descriptor tells of a child that stops or is
 * continued, and the next change wipes that out, so that a look may come too late: for this a kernel thread waits. Fat code.
 */
#include <sys/wait.h>

#include "../io/poll.h"
#include "../io/syscalls.h"
#include "../pool/pool.h"
#include "notify.h"
#include "shell.h"
#include "signals.h"

/* Between looks by time, in ns: from the first to the second, doubling. A shell's worth of delay at most, 60 calls a second. */
#define FIRST_PAUSE 500000u
#define LAST_PAUSE 16000000u

/* Waits until another look may pay. `child`: a process of which the end is wanted, 0: by time. Returns 0 or -EINTR; that also
 * when the thread is cancelled and this is to be no cancellation `point`. */
static __attribute__((noinline)) long between(pid_t child, uint64_t *pause, int point) {
    unsigned int cuts = capr__signals_cuts();
    long r, fd = child > 0 ? capr__sys2(SYS_pidfd_open, child, 0) : -1;
    if (fd >= 0) {
        capr__fd_fresh((int)fd, CAPR_FD_NOWAIT, 0);
        struct pollfd p = {(int)fd, POLLIN, 0};
        r = capr__poll(&p, 1, CAPR_FOREVER, NULL);
        capr__fd_forget((int)fd);
        capr__sys1(SYS_close, fd);
    } else {
        *pause = *pause ? *pause * 2 < LAST_PAUSE ? *pause * 2 : LAST_PAUSE : FIRST_PAUSE;
        r = capr__poll(NULL, 0, capr__now() + *pause, NULL);
    }
    if (r == -EINTR) {
        if (point)
            capr__cancel_point();
        else if (capr__cancel_due(capr__self()))
            return -EINTR;
    }
    /* After a handler with SA_RESTART: look again. One without counts also where time had run out before it was run. */
    return capr__signals_cuts() == cuts ? 0 : -EINTR;
}

/* Makes the call by a kernel thread. CAPR_POOL_NOBODY: the caller looks from time to time, as it also does where a notification may
 * start a thread although there is one now, which would wait in the kernel. */
static __attribute__((noinline)) long by_kernel_thread(long number, long a, long b, long c, long d) {
    struct capr_job job = {.number = number, .arg = {a, b, c, d}};
    if (capr__in_place() && capr__notifies()) return CAPR_POOL_NOBODY;
    long r = capr__pool_run_endless(&job, &capr__wait_restartable, 1);
    if (r == -EINTR) capr__cancel_point();
    return r;
}

/* Whether `options` ask for those of `changes` that the next one wipes out, and not of this kernel thread's children only. */
static inline int passing(int options, int changes) { return (options & changes) && !(options & __WNOTHREAD); }

CAPR_HIDDEN long capr__child_wait(pid_t child, int *status) {
    if (!capr__may_switch()) return CAPR_OUTSIDE(capr__sys4(SYS_wait4, child, (long)status, 0, 0));
    uint64_t pause = 0;
    for (;;) {
        long r = CAPR_OUTSIDE(capr__sys4(SYS_wait4, child, (long)status, WNOHANG, 0));
        if (r != 0) return r;
        r = between(child, &pause, 0);
        if (r < 0) return r;
    }
}

/* wait4(2) and its relatives. Block, unless WNOHANG. wait and waitpid are cancellation points. */
CAPR_INTERPOSE pid_t wait4(pid_t pid, int *status, int options, struct rusage *usage) {
    CAPR_MONITOR;
    capr__cancel_point();
    if (!capr__may_switch() || (options & WNOHANG))
        return (pid_t)capr__result(CAPR_OUTSIDE(capr__sys4(SYS_wait4, pid, (long)status, options, (long)usage)));
    uint64_t pause = 0;
    for (long interrupted = 0;;) {
        /* Once more after a handler: a child that has ended counts for more than the SIGCHLD that told of it. */
        long r = CAPR_OUTSIDE(capr__sys4(SYS_wait4, pid, (long)status, options | WNOHANG, (long)usage));
        if (r == 0) r = interrupted;
        if (r != 0) return (pid_t)capr__result(r);
        interrupted = CAPR_POOL_NOBODY;
        if (passing(options, WUNTRACED | WCONTINUED))
            interrupted = by_kernel_thread(SYS_wait4, pid, (long)status, options, (long)usage);
        if (interrupted == CAPR_POOL_NOBODY) interrupted = between(options & (WUNTRACED | WCONTINUED) ? 0 : pid, &pause, 1);
        if (interrupted > 0) return (pid_t)interrupted;
    }
}

CAPR_INTERPOSE pid_t waitpid(pid_t pid, int *status, int options) { return wait4(pid, status, options, NULL); }
CAPR_INTERPOSE pid_t wait(int *status) { return wait4(-1, status, 0, NULL); }
CAPR_INTERPOSE pid_t wait3(int *status, int options, struct rusage *usage) { return wait4(-1, status, options, usage); }

/* waitid(2). As wait4. */
CAPR_INTERPOSE int waitid(idtype_t type, id_t id, siginfo_t *info, int options) {
    CAPR_MONITOR;
    capr__cancel_point();
    if (!capr__may_switch() || (options & WNOHANG))
        return (int)capr__result(CAPR_OUTSIDE(capr__sys6(SYS_waitid, (long)type, (long)id, (long)info, options, 0, 0)));
    pid_t child = type == P_PID && !(options & (WSTOPPED | WCONTINUED)) ? (pid_t)id : 0;
    uint64_t pause = 0;
    siginfo_t own;
    long interrupted = 0;
    for (siginfo_t *i = info ? info : &own;;) {
        i->si_pid = 0; /* stays so when there is nothing to report */
        long r = CAPR_OUTSIDE(capr__sys6(SYS_waitid, (long)type, (long)id, (long)i, options | WNOHANG, 0, 0));
        if (r == 0 && !i->si_pid) r = interrupted;
        if (r < 0 || i->si_pid) return (int)capr__result(r);
        interrupted = CAPR_POOL_NOBODY;
        if (passing(options, WSTOPPED | WCONTINUED)) {
            interrupted = by_kernel_thread(SYS_waitid, (long)type, (long)id, (long)i, options);
            if (interrupted == 0) return 0;
        }
        if (interrupted == CAPR_POOL_NOBODY) interrupted = between(child, &pause, 1);
    }
}
