/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * How workers sleep, and who wakes them (workers.h): one sleeps in epoll_wait, the poller, the others on words of their own. While one of
 * them runs threads, somebody is to look up from time to time, the watcher: what becomes ready behind a thread that computes would
 * wait for it. To wake somebody for that costs more than most turns take, so that a worker which goes to work while all others sleep
 * sets an alarm for one of them, and stops it if it is done before. Where one turn follows on another the watcher stays awake instead,
 * and is never the poller, whose sleep the next turn ends. Plain code, inside the monitor, but for the sleep itself.
 */
#include "rest.h"

#include <linux/futex.h>
#include <time.h>

#include "../io/net_poll.h"
#include "../io/source.h"
#include "../proc/env.h"
#include "../proc/signals.h"
#include "deadlock.h"
#include "idle.h"

/* How long the watcher sleeps at a time: from the first to the last, doubling while it finds nothing. So long an alarm is for, too. */
#define WATCH_FIRST_NS 100000
#define WATCH_LAST_NS 1000000

/* So many times without a switch of anybody's, and it sleeps until it is woken. */
#define WATCH_ROUNDS 3

/* Work that begins so soon after other work began wakes a watcher at once: for two calls of the kernel each time it could stay awake. */
#define SOON_NS 2000000

/* Readings of the clock for one deadline differ by less. */
#define LATE_NS 20000

uint32_t capr__workers_idle;

static struct capr_worker *poller, *watcher; /* in epoll_wait; the sleeper, or poller, that looks up from time to time */
static uint64_t polls_until;                 /* ns of CLOCK_MONOTONIC: when the poller looks up by itself */
static uint64_t polls_since;                 /* all blocks of threads up to when it went to sleep, where it sleeps in poll(2) */
static int watch_ends;                       /* the watcher no longer does, since nothing has happened for long */
static int waking;                           /* one has been woken and has not looked yet */
static const struct capr_worker *watched_by; /* the last watcher */
static uint64_t watch_ns = WATCH_FIRST_NS, watched_switches;
static int watched_rounds;
static struct capr_worker *alarmed;          /* whose alarm is set */
static uint64_t work_began;                  /* ns of CLOCK_MONOTONIC: when somebody last went to work while nobody watched */

static long futex(uint32_t *word, int op, uint32_t value, const struct timespec *timeout) {
    return capr__sys6(SYS_futex, (long)word, op | FUTEX_PRIVATE_FLAG, value, (long)timeout, 0, 0);
}

static void wake(struct capr_worker *w) {
    capr__handlers_off();
    uint32_t was = __atomic_exchange_n(&w->state, CAPR_WORKER_BUSY, __ATOMIC_SEQ_CST);
    CAPR_SHOW_MORE(capr__worker.count.unparked, 1);
    if (was == CAPR_WORKER_SLEEPS)
        futex(&w->state, FUTEX_WAKE, 1, NULL);
    else if (was == CAPR_WORKER_POLLS)
        capr__io_wake();
    capr__handlers_on();
}

void capr__worker_wake(struct capr_worker *w) {
    if (__atomic_load_n(&w->state, __ATOMIC_RELAXED) != CAPR_WORKER_BUSY) wake(w);
}

/* One that sleeps, the poller last; NULL where none does. */
static struct capr_worker *sleeper(void) {
    struct capr_worker *found = watcher && watcher != poller && watch_ends ? watcher : NULL;
    for (uint32_t i = 0; !found && i < capr__worker_count; i++)
        if (CAPR_SEE(capr__workers[i]->state) == CAPR_WORKER_SLEEPS) found = capr__workers[i];
    if (!found) found = poller;
    return found && CAPR_SEE(found->state) != CAPR_WORKER_BUSY ? found : NULL;
}

/* Not for something of its own: no other needs to be, until it has looked. */
static void wake_for_all(struct capr_worker *w) {
    capr__handlers_off();
    waking = 1;
    wake(w);
    capr__handlers_on();
}

void capr__worker_wake_one(void) {
    struct capr_worker *found = waking ? NULL : sleeper();
    if (found) wake_for_all(found);
}

void capr__worker_keep_awake(void) {
    uint32_t sleeps = CAPR_WORKER_SLEEPS;
    if (capr__worker.number == 0) {
        __atomic_compare_exchange_n(&capr__worker.state, &sleeps, CAPR_WORKER_BUSY, 0, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED);
    } else {
        capr__workers[0]->pick_at = 0;
        capr__worker_wake(capr__workers[0]);
    }
}

/* The alarm of `w` rings in `ns`; 0: not. */
static void set_alarm(struct capr_worker *w, long ns) {
    struct itimerspec once = { .it_value = { 0, ns } };
    capr__sys4(SYS_timer_settime, w->alarm - 1, 0, (long)&once, 0);
    alarmed = ns ? w : NULL;
}

void capr__alarm_rings(void) { capr__worker_wake(&capr__worker); }

void capr__rest_over(struct capr_worker *w) {
    if (w == watched_by) watch_ns = WATCH_FIRST_NS;
    if (!capr__workers_idle || alarmed || waking || (watcher && !watch_ends)) return;
    struct capr_worker *found = sleeper();
    if (!found) return;
    uint64_t now = capr__now();
    if (!found->alarm || now - work_began < SOON_NS)
        wake_for_all(found);
    else
        set_alarm(found, WATCH_LAST_NS);
    work_began = now;
}

/* Whether there has been anything to watch lately: a switch of anybody's. */
static int is_worth_watching(int busy) {
    uint64_t switches = 0;
    for (uint32_t i = 0; i < capr__worker_count; i++) switches += CAPR_SEE(capr__workers[i]->count.switches);
    if (switches != watched_switches || busy) watched_rounds = 0;
    watched_switches = switches;
    return watched_rounds++ < WATCH_ROUNDS;
}

static uint64_t all_blocks(void) {
    uint64_t sum = 0;
    for (uint32_t i = 0; i < capr__worker_count; i++) sum += CAPR_SEE(capr__workers[i]->count.blocks);
    return sum;
}

/* poll(2), unlike an epoll set, is not told of what threads wait for since it was called. */
static void tell_poller(void) {
    if (poller && capr__net_polls() && polls_since != all_blocks()) capr__worker_wake(poller);
}

void capr__rest_look(struct capr_worker *w) {
    if (!poller) { /* one at a time: a look takes the event that is to wake a sleeper */
        poller = w;
        polls_until = 0;
        capr__io_poll(0);
        poller = NULL;
    } else {
        capr__io_collect();
        tell_poller();
    }
}

int capr__rest(struct capr_worker *w) {
    int polls = !poller, busy = capr__workers_idle + 1 < capr__worker_count, events = 0;
    int watches = polls ? busy && !watcher : !watcher || watcher == poller;
    int64_t timeout = capr__idle_timeout(w);
    if (timeout == 0) return 0;
    uint64_t until = timeout < 0 ? UINT64_MAX : capr__now() + (uint64_t)timeout;
    if (!polls) { /* which is to know of timers that came since it went to sleep */
        tell_poller();
        if (until + LATE_NS < polls_until) wake(poller);
        timeout = -1;
    }
    if (watches) {
        if (watched_by != w || watch_ends) watch_ns = WATCH_FIRST_NS;
        watched_by = watcher = w;
        watch_ends = !is_worth_watching(busy);
        if (!watch_ends) {
            timeout = timeout < 0 || timeout > (int64_t)watch_ns ? (int64_t)watch_ns : timeout;
            watch_ns = watch_ns * 2 > WATCH_LAST_NS ? WATCH_LAST_NS : watch_ns * 2;
        }
    }
    capr__workers_idle++;
    if (alarmed && capr__workers_idle == capr__worker_count) set_alarm(alarmed, 0);
    if (timeout < 0 && until == UINT64_MAX && capr__workers_idle == capr__worker_count && !capr__process.fd_waiters &&
        capr__env.deadlock != CAPR_DEADLOCK_OFF)
        capr__deadlock_look(w); /* whoever is the last: the poller may sleep already */
    __atomic_store_n(&w->state, polls ? CAPR_WORKER_POLLS : CAPR_WORKER_SLEEPS, __ATOMIC_SEQ_CST);
    if (w->number == 0 && (capr__process.signal_ready || capr__signals_pending || capr__deferred_count)) {
        __atomic_store_n(&w->state, CAPR_WORKER_BUSY, __ATOMIC_RELAXED); /* a handler came before the state was this */
        CAPR_OUTSIDE(capr__sys1(SYS_sched_yield, 0)); /* perhaps over and over, until somebody who is not inside has ended */
    } else if (polls) {
        poller = w;
        polls_until = until;
        polls_since = all_blocks();
        events = capr__io_poll(timeout);
        poller = NULL;
    } else {
        struct timespec piece = {timeout / 1000000000, timeout % 1000000000};
        CAPR_OUTSIDE(futex(&w->state, FUTEX_WAIT, CAPR_WORKER_SLEEPS, timeout < 0 ? NULL : &piece));
    }
    __atomic_store_n(&w->state, CAPR_WORKER_BUSY, __ATOMIC_RELAXED);
    capr__workers_idle--;
    if (alarmed == w) /* before it runs what a signal could disturb */
        set_alarm(w, 0);
    if (watcher == w) watcher = NULL;
    waking = 0;
    return events > 0;
}

void capr__rest_forked(void) {
    poller = watcher = alarmed = NULL;
    watched_by = NULL;
    waking = 0;
    capr__workers_idle = 0;
}
