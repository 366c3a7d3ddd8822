/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Turns that are too long. A timer of the kernel's for each worker counts its processor time, so that it costs an idle process nothing; each
 * CAPRICCIO_SLICE it looks whether there was a switch. If there was none, the running thread is to give way: at once where it is in the
 * program's own code (sched/preempt.h); else the fast paths of locks close, and the slow path gives way, so that a thread which
 * locks, looks and unlocks until another thread has changed something does not wait for ever. And whoever waits for a descriptor
 * or a time is looked at after the turn that a tick comes in, however few switches there were. Plain code.
 */
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../io/syscalls.h"
#include "../sched/preempt.h"
#include "../sched/sched.h"
#include "env.h"
#include "notify.h"
#include "signals.h"

/* Below this the clock of processor time, which the kernel looks at with its own ticks, is too coarse. */
#define COARSE_NS 10000000

CAPR_HIDDEN int32_t capr__turn_process;

void capr__turns_watch(void) {
    struct capr_worker *w = &capr__worker;
    uint64_t slice = capr__env.slice;
    if (w->kernel_thread || !(slice || capr__many) || capr__signals_notify_signal()) return;
    w->kernel_thread = gettid();
    if (w->number == 0) { /* which is here first */
        capr__turn_process = getpid();
        capr__preempt_prepare();
    }
    struct sigevent event;
    memset(&event, 0, sizeof event);
    event.sigev_notify = SIGEV_THREAD_ID;
    event.sigev_signo = CAPR_NOTIFY_SIGNAL;
    event._sigev_un._tid = w->kernel_thread;
    event.sigev_value.sival_ptr = &capr__turn_alarm;
    if (capr__many && capr__sys3(SYS_timer_create, CLOCK_MONOTONIC, (long)&event, (long)&w->alarm) == 0) w->alarm++;
    if (!slice) return;
    event.sigev_value.sival_ptr = &capr__turn_tick;
    if (capr__sys3(SYS_timer_create, slice < COARSE_NS ? CLOCK_MONOTONIC : CLOCK_THREAD_CPUTIME_ID, (long)&event, (long)&w->tick_timer) < 0) return;
    struct timespec each = { (time_t)(slice / 1000000000), (long)(slice % 1000000000) };
    struct itimerspec often = { each, each };
    capr__sys4(SYS_timer_settime, w->tick_timer, 0, (long)&often, 0);
}

char capr__turn_tick, capr__turn_alarm;

void capr__turn_ticks(ucontext_t *at) {
    struct capr_worker *w = &capr__worker;
    if (w->count.switches == w->tick_switches && w->self && w->self != w->idle && capr__preempt(at)) {
        w->fast = 0;
        w->overdue = 1;
        w->spin_left = 0; /* also where a round of a loop that waits takes long */
    }
    capr__look_soon(); /* turns may have got longer than sched/idle.c knows */
    if (w->count.switches != w->tick_switches) { /* else it may be one of the late that runs */
        w->late_due = w->late_head && !w->late_ran;
        w->late_ran = 0;
    }
    w->tick_switches = w->count.switches;
}

void capr__turns_forked(void) { capr__worker.kernel_thread = capr__worker.alarm = 0; }
