/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Notes for the poll loop: what the trampoline (signal.c) leaves of signals that it does not handle at once, and of handlers that may have to
 * end a wait. Written in handlers while all signals are blocked, one after the other; read by the first worker's idle thread, or by a thread that
 * leaves what they came in the middle of. Plain code.
 */
#include "signals.h"

#include <unistd.h>

#include "../io/syscalls.h"
#include "../sched/sched.h"
#include "../sched/workers.h"
#include "../thread/thread.h"
#include "notify.h"

CAPR_HIDDEN volatile int capr__signals_pending, capr__signals_none_pending, capr__signals_closed, capr__signals_noted, capr__signals_unread;

/* sigqueue.c: gives a signal to `t`, or to whom it concerns; number 0: `t` has run a handler, which may have to end its wait. */
CAPR_HIDDEN void capr__signals_given(struct capr_thread *t, const siginfo_t *info, int cutting);

#define NOTES 64 /* a power of two; with half of them left to read, the worker's signals wait in the kernel */
static struct note {
    struct capr_thread *thread; /* NULL: whoever does not block it */
    int cutting;
    siginfo_t info;             /* si_signo 0: a wake-up, or nothing any more */
} notes[NOTES];
static volatile uint32_t noted, read_notes;
static uint32_t notes_lock; /* taken with all signals blocked: the signals of calls come on any worker */

static void note_alone(struct capr_thread *t, const siginfo_t *info, int cutting) {
    struct note *n = &notes[(noted - 1) % NOTES];
    if (!info && noted != read_notes && n->thread == t && n->info.si_signo == 0) { /* the same as before */
        n->cutting |= cutting;
        return;
    }
    if (noted - read_notes == NOTES) return; /* handlers that send more than fits */
    n = &notes[noted % NOTES];
    n->thread = t;
    n->cutting = cutting;
    if (info) {
        n->info = *info;
        capr__signals_noted = capr__signals_unread = 1;
    } else {
        n->info.si_signo = 0;
    }
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    noted = noted + 1;
    if (capr__many) __atomic_thread_fence(__ATOMIC_SEQ_CST);
    if (!capr__signals_pending) {
        capr__signals_pending = 1;
        __atomic_fetch_add(&capr__deferred_count, 1, __ATOMIC_RELEASE); /* the idle thread is to look although others are ready */
    }
    capr__look_soon();
}

CAPR_HIDDEN void capr__note_add(struct capr_thread *t, const siginfo_t *info, int cutting) {
    if (capr__many) capr__spin_lock(&notes_lock);
    note_alone(t, info, cutting);
    if (!capr__many) return;
    capr__spin_unlock(&notes_lock);
    capr__worker_keep_awake();
}

CAPR_HIDDEN int capr__notes_half_full(void) { return noted - read_notes >= NOTES / 2; }

CAPR_HIDDEN void capr__signals_note(struct capr_thread *t, const siginfo_t *info) {
    for (uint32_t i = read_notes; i != noted && info->si_signo < 32; i++) /* one of each is all that is kept */
        if (notes[i % NOTES].thread == t && notes[i % NOTES].info.si_signo == info->si_signo) return;
    capr__note_add(t, info, 0);
}

CAPR_HIDDEN void capr__signals_deliver(void) {
    uint64_t all = ~0ull, mask;
    if (!capr__signals_pending || capr__worker.number) return;
    capr__sys4(SYS_rt_sigprocmask, SIG_SETMASK, (long)&all, (long)&mask, 8);
    capr__signals_pending = capr__signals_noted = capr__signals_unread = 0;
    __atomic_fetch_sub(&capr__deferred_count, 1, __ATOMIC_RELEASE);
    while (read_notes != noted) {
        if (capr__many) capr__spin_lock(&notes_lock);
        struct note n = notes[read_notes % NOTES];
        read_notes = read_notes + 1;
        if (capr__many) capr__spin_unlock(&notes_lock);
        if (n.thread || n.info.si_signo) capr__signals_given(n.thread, &n.info, n.cutting);
    }
    if (capr__signals_closed) {
        capr__signals_closed = 0;
        mask = capr__signals_of_kernel();
    }
    capr__sys4(SYS_rt_sigprocmask, SIG_SETMASK, (long)&mask, 0, 8);
}

/* The first note that `is_it` says yes to goes to `out`, and is no longer among them. Returns whether there is one. */
static int take_note(int (*is_it)(const struct note *n, const struct capr_thread *t, uint64_t set), const struct capr_thread *t, uint64_t set,
                     struct note *out) {
    int found = 0;
    if (capr__many) capr__spin_lock(&notes_lock);
    for (uint32_t i = read_notes; !found && i != noted; i++) {
        if (!is_it(&notes[i % NOTES], t, set)) continue;
        *out = notes[i % NOTES];
        for (uint32_t k = i; k + 1 != noted; k++) notes[k % NOTES] = notes[(k + 1) % NOTES];
        noted = noted - 1;
        found = 1;
    }
    if (capr__many) capr__spin_unlock(&notes_lock);
    return found;
}

static int is_signal(const struct note *n, const struct capr_thread *t, uint64_t set) {
    (void)t;
    return n->info.si_signo && (set & CAPR_SIGNAL_BIT(n->info.si_signo));
}
static int is_signal_for(const struct note *n, const struct capr_thread *t, uint64_t set) { return n->thread == t && is_signal(n, t, set); }
static int is_for(const struct note *n, const struct capr_thread *t, uint64_t set) {
    (void)set;
    return n->thread == t;
}

CAPR_HIDDEN void capr__signals_gather(void) {
    struct capr_thread *self = capr__self();
    uint64_t all = ~0ull, mask;
    struct note n;
    capr__sys4(SYS_rt_sigprocmask, SIG_SETMASK, (long)&all, (long)&mask, 8);
    while (take_note(is_signal_for, self, self->sigmask & CAPR_SIGNALS_OF_CALLS, &n)) capr__signal_send(self, &n.info);
    capr__sys4(SYS_rt_sigprocmask, SIG_SETMASK, (long)&mask, 0, 8);
}

/* What the trampoline would have given to the running thread, had it been outside. */
static int is_for_now(const struct note *n, const struct capr_thread *t, uint64_t set) {
    if (!is_signal(n, t, set) || n->info.si_signo == CAPR_NOTIFY_SIGNAL || t->ending) return 0;
    return n->thread ? n->thread == t : t == &capr__main_thread || !capr__signals_main_waits();
}

/* They are sent once more, to this kernel thread, and come as soon as the mask lets them. */
CAPR_HIDDEN void capr__signals_late(void) {
    const struct capr_worker *w = &capr__worker;
    const struct capr_thread *self = w->self;
    if (!self || self == w->idle || w->number || w->spin_locks || (capr__many && w->inside) || !capr__may_switch()) return;
    uint64_t all = ~0ull, mask;
    struct note n;
    capr__sys4(SYS_rt_sigprocmask, SIG_SETMASK, (long)&all, (long)&mask, 8);
    int unread = 0; /* others look at it meanwhile */
    capr__signals_noted = 0;
    while (take_note(is_for_now, self, ~self->sigmask, &n)) {
        if (capr__sys4(SYS_rt_tgsigqueueinfo, getpid(), gettid(), n.info.si_signo, (long)&n.info) == 0) continue;
        capr__note_add(n.thread, &n.info, 0); /* the user's signals are all queued: for the idle thread */
        break;
    }
    for (uint32_t i = read_notes; i != noted; i++) unread |= notes[i % NOTES].info.si_signo != 0;
    capr__signals_unread = unread;
    if (capr__signals_closed)
        capr__signals_open();
    else
        capr__sys4(SYS_rt_sigprocmask, SIG_SETMASK, (long)&mask, 0, 8);
}

CAPR_HIDDEN void capr__signals_forget(const struct capr_thread *t) {
    uint64_t all = ~0ull, mask;
    struct note n;
    capr__sys4(SYS_rt_sigprocmask, SIG_SETMASK, (long)&all, (long)&mask, 8);
    while (take_note(is_for, t, all, &n)) {
    }
    capr__sys4(SYS_rt_sigprocmask, SIG_SETMASK, (long)&mask, 0, 8);
}

CAPR_HIDDEN void capr__signals_forget_all(void) {
    if (capr__signals_pending) __atomic_fetch_sub(&capr__deferred_count, 1, __ATOMIC_RELEASE);
    capr__signals_pending = capr__signals_noted = capr__signals_unread = 0;
    notes_lock = 0;
    read_notes = noted;
}

CAPR_HIDDEN void capr__signals_forget_wakes(void) {
    for (uint32_t i = read_notes; i != noted; i++)
        if (notes[i % NOTES].info.si_signo == 0 && (!capr__many || notes[i % NOTES].thread == capr__self())) notes[i % NOTES].thread = NULL;
}
