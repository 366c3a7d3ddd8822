/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Between notify.c, which asks the kernel for notifications, and signal.c, which gets them as a signal.
 */
#ifndef CAPR_PROC_NOTIFY_H
#define CAPR_PROC_NOTIFY_H

#include <signal.h>

#include "../layout.h"

/* glibc's SIGCANCEL and SIGTIMER: programs can neither block nor handle it. */
#define CAPR_NOTIFY_SIGNAL CAPR_TURN_SIGNAL

/* Gives CAPR_NOTIFY_SIGNAL our handler, once. Returns 0 or an errno. (signal.c) */
CAPR_HIDDEN int capr__signals_notify_signal(void);

/* The same signal, by tgkill, ends the system call of a kernel thread that is no worker, if it says that its call is one to end:
 * the call returns EINTR, or has not begun and is left out. (signal.c) CAPR_END_ON_WORKER: so does a call of a worker's after
 * any handler of the program's, whatever SA_RESTART says. */
#define CAPR_END_ON_WORKER 2
extern CAPR_HIDDEN _Thread_local volatile int capr__call_to_end __attribute__((tls_model("local-exec")));

/* Does what `event` asks for at the end of a request (of aio.h, of getaddrinfo_a): sends its signal with si_code `code`, from any kernel
 * thread, or starts its function as a user-level thread, on a worker only. */
CAPR_HIDDEN void capr__notify(const struct sigevent *event, int code);

/* True while the program has notifications that start threads. */
CAPR_HIDDEN int capr__notifies(void);

/* On the idle thread: what the kernel sent. */
CAPR_HIDDEN void capr__notified(const siginfo_t *info);

/* Requests that end in one notification: those of one lio_listio, or getaddrinfo_a. */
struct capr_notify_group {
    int left;              /* not ended, and one for the call itself while it adds */
    int on_stack;          /* the call waits: its own; else malloc'ed, and freed with the last request */
    struct sigevent event; /* when all have ended */
};

/* One of them has ended, or the call has added all. On a worker. */
CAPR_HIDDEN void capr__notify_leave(struct capr_notify_group *g, int code);

/* turn.c: what the timers' signals carry, that of sched/rest.c too; what a tick does, in the handler; in the child of a fork, which has no
 * timer. */
extern CAPR_HIDDEN char capr__turn_tick, capr__turn_alarm;
CAPR_HIDDEN void capr__turn_ticks(ucontext_t *at);
CAPR_HIDDEN void capr__turns_forked(void);

#endif
