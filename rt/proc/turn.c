/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Turns that are too long: a thread that locks, looks and unlocks until another thread has changed something would wait for ever if
 * nobody else ever ran. A timer of the kernel's counts the worker's processor time, so that it costs an idle process nothing; each
 * 10 ms it looks whether there was a switch. If there was none it closes the fast paths of locks, and the slow path gives way. And
 * whoever waits for a descriptor or a time is looked at after the turn that a tick comes in, however few switches there were.
 * Plain code.
 */
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../io/syscalls.h"
#include "../sched/sched.h"
#include "notify.h"
#include "signals.h"

#define TURN_NS 10000000 /* a few of the kernel's own ticks */

static int timer_id, watching;
static uint64_t switches; /* at the last tick */

void capr__turns_watch(void)
{
    if (watching || capr__signals_notify_signal())
        return;
    watching = 1;
    struct sigevent event;
    memset(&event, 0, sizeof event);
    event.sigev_notify = SIGEV_THREAD_ID;
    event.sigev_signo = CAPR_NOTIFY_SIGNAL;
    event.sigev_value.sival_ptr = &capr__turn_tick;
    event._sigev_un._tid = gettid();
    if (capr__sys3(SYS_timer_create, CLOCK_THREAD_CPUTIME_ID, (long)&event, (long)&timer_id) < 0)
        return;
    struct itimerspec often = { { 0, TURN_NS }, { 0, TURN_NS } };
    capr__sys4(SYS_timer_settime, timer_id, 0, (long)&often, 0);
}

char capr__turn_tick;

void capr__turn_ticks(void)
{
    struct capr_worker *w = &capr__worker;
    if (w->count.switches == switches && w->self && w->self != w->idle)
        w->fast = 0;
    w->poll_at = 0; /* turns may have got longer than sched/idle.c knows */
    switches = w->count.switches;
}

void capr__turns_forked(void) { watching = 0; }
