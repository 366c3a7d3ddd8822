/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * fork: the child has the calling thread alone. libc's own fork does the work; ours is registered with pthread_atfork before any
 * of the program's, so that in the child the runtime is made anew first, and the program's handlers, which may unlock and create,
 * find it in order. That also serves libc's internal forks (daemon, forkpty). Plain code, on the big stack of the thread that
 * forks, which the child goes on using.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <unistd.h>

#include "../graph/dump.h"
#include "../graph/window.h"
#include "../io/fd.h"
#include "../io/source.h"
#include "../sched/idle.h"
#include "../sched/limits.h"
#include "../sched/policy.h"
#include "../sched/ways.h"
#include "../sched/workers.h"
#include "../stack/chunk.h"
#include "../stack/profile.h"
#include "../sync/helper.h"
#include "../sync/wait.h"
#include "../thread/own_locale.h"
#include "signals.h"

/* Other workers are outside the monitor, and in the middle of nothing that the child needs, until libc has forked. */
static void before(void) {
    capr__enter();
    capr__fd_all_shared();
    if (capr__self()) capr__helpers_before_fork(); /* in the monitor, as who puts them there */
    if (capr__many) capr__chunks_hold();
}

static void in_parent(void) {
    if (!capr__many) return;
    capr__chunks_release();
    capr__leave();
}

/* stdio/lock.c, where it is part of the program. */
CAPR_HIDDEN __attribute__((weak)) void capr__file_locks_forked(void);

static void in_child(void) {
    struct capr_worker *w = &capr__worker;
    struct capr_thread *self = w->self;
    if (!self) /* forked by a kernel thread that is no worker: nothing of the runtime goes on there */
        return;
    if (capr__many) capr__chunks_release();
    capr__workers_forked(w);

    /* The other threads are gone: nobody may wake them, and the queues of mutexes and conditions must not hold them. Their
     * chunks stay behind as memory that the child never touches. The worker is the first now, and the number that it had may become
     * another's. */
    for (struct capr_thread *t = capr__process.all; t; t = t->all_next) {
        t->worker = 0;
        if (t != self && t->queue) capr__queue_remove(t);
    }
    capr__graph_forked(w);
    capr__ways_forked(self);
    w->run_head = w->run_tail = w->late_head = capr__process.signal_ready = NULL;
    w->late_due = 0;
    capr__process.timer_count = 0;
    self->timer = -1;
    self->joiner = NULL;
    self->all_next = self->all_prev = NULL;
    capr__process.all = self;
    capr__process.live_threads = 1;
    __builtin_memset(&w->count, 0, sizeof w->count);
    capr__process.live_threads_peak = 1;
    w->links = 0;
    capr__profile_forked();

    capr__fd_fork_child();
    capr__process.fd_waiters = 0;
    if (capr__process.epoll_fd >= 0) capr__sys1(SYS_close, capr__process.epoll_fd); /* the parent's set: the child makes its own when it needs one */
    if (capr__process.wake_fd >= 0) capr__sys1(SYS_close, capr__process.wake_fd);
    capr__process.epoll_fd = capr__process.wake_fd = -1;
    capr__io_sources_forked();
    if (capr__file_locks_forked) capr__file_locks_forked();
    capr__locale_forked(self);
    capr__signals_forked(self);
    capr__sync_forked();
    capr__policy_forked(w);
    capr__rendering_forked();
    capr__graph_writer_forked();
    capr__window_forked();
    capr__idle_init(w);
    capr__declared_left();
    capr__leave();
}

/* libc's _Fork, found at start, since the program may call it in a signal handler. */
static pid_t (*libcs_fork)(void);

__attribute__((constructor(101))) static void register_handlers(void) {
    pthread_atfork(before, in_parent, in_child);
    libcs_fork = (pid_t(*)(void))dlsym(RTLD_NEXT, "_Fork");
}

/* _Fork(3): without the program's handlers, but a thread alone all the same. */
CAPR_INTERPOSE pid_t _Fork(void) {
    before();
    /* libc's own, since the kernel thread's number and its list of robust mutexes, which process-shared mutexes go by, are libc's. */
    pid_t child = libcs_fork ? libcs_fork() : (pid_t)capr__result(capr__sys6(SYS_clone, 17 /* SIGCHLD */, 0, 0, 0, 0, 0));
    if (child == 0)
        in_child();
    else
        in_parent();
    return child;
}
