/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A signal mask per user-level thread. The kernel's mask of the worker is their intersection: a signal that all threads block stays
 * pending in the kernel, where sigpending, sigtimedwait and signalfd find it, and one with the default action that some thread does
 * not block ends the process, as it should. (SIGPIPE and SIGXFSZ are another matter: sigcall.c.) To know the intersection, threads that block a signal are counted, for each signal;
 * a program in which nobody blocks anything pays nothing for that. Plain code.
 */
#include "signals.h"

#include "../io/syscalls.h"
#include "../sched/sched.h"
#include "../sched/workers.h"
#include "../sync/wait.h"
#include "../thread/extra.h"
#include "../thread/thread.h"
#include "notify.h"

CAPR_HIDDEN volatile int capr__signals_mask_busy;

/* Its value in a change by this worker. */
static int busy_here(void) { return (int)capr__worker.number + 1; }

/* Threads that block each signal; index n-1. */
static uint32_t blocking[CAPR_SIGNALS];

/* The worker's mask, as the kernel has it while no handler is on the way in or out. */
static uint64_t kernel_mask;

static void kernel_set(const uint64_t *mask) { capr__sys4(SYS_rt_sigprocmask, SIG_SETMASK, (long)mask, 0, 8); }

uint64_t capr__signals_common(void) {
    if (!capr__process.masked_threads || !capr__process.all) return 0;
    uint64_t common = 0;
    const uint64_t come = capr__signals_caught & ~capr__signals_held;
    for (uint64_t rest = capr__process.all->sigmask & ~come; rest; rest &= rest - 1) {
        int i = __builtin_ctzll(rest);
        if (blocking[i] == capr__process.live_threads) common |= 1ull << i;
    }
    return common;
}

/* Workers but the first take nothing that is sent to the process. */
#define ELSEWHERE (~(CAPR_SIGNALS_OF_WORKER | CAPR_SIGNALS_UNBLOCKABLE))

static uint64_t elsewhere(void) { return ELSEWHERE | capr__signals_held; }

uint64_t capr__signals_of_kernel(void) { return capr__worker.number ? elsewhere() : capr__signals_common(); }

/* On the first worker; later where it is closed. */
static void first_set(void) {
    if (!capr__signals_closed) kernel_set(&kernel_mask);
}

void capr__signals_open(void) {
    capr__signals_closed = 0;
    kernel_set(&kernel_mask);
}

/* Tells the kernel, if it is news. */
static void update(void) {
    uint64_t common = capr__signals_common();
    if (common == kernel_mask) return;
    kernel_mask = common;
    if (capr__worker.number == 0)
        first_set();
    else
        capr__worker_interrupt(NULL);
}

void capr__signals_follow(void *kernels) {
    if (capr__worker.number)
        *(uint64_t *)kernels = elsewhere();
    else if (!capr__signals_closed)
        *(uint64_t *)kernels = kernel_mask;
}

int capr__signals_all_block(int number) {
    /* Another worker's change is soon over. */
    for (int i = 0; i < 100000 && capr__signals_mask_busy && capr__signals_mask_busy != busy_here(); i++) __builtin_ia32_pause();
    return !capr__signals_mask_busy && blocking[number - 1] == capr__process.live_threads;
}

void capr__signals_hold_too(uint64_t bit, void *kernels) {
    if (capr__worker.number == 0) kernel_mask |= bit;
    *(uint64_t *)kernels |= bit;
}

/* All of the kernel's threads that run threads are to let `bits` come again. */
void capr__signals_let_go(uint64_t bits) {
    if (!(capr__signals_held & bits)) return;
    __atomic_and_fetch(&capr__signals_held, ~bits, __ATOMIC_SEQ_CST);
    if (capr__many) capr__workers_interrupt();
}

/* Counts that `t` blocks `mask` in place of what it did. */
static void count(uint64_t before, uint64_t mask) {
    if (mask & CAPR_SIGNALS_OF_CALLS & ~capr__signals_caught) capr__signals_catch(mask);
    for (uint64_t rest = before & ~mask; rest; rest &= rest - 1) blocking[__builtin_ctzll(rest)]--;
    for (uint64_t rest = mask & ~before; rest; rest &= rest - 1) blocking[__builtin_ctzll(rest)]++;
    capr__process.masked_threads += (uint32_t)(mask != 0) - (uint32_t)(before != 0);
}

void capr__signals_mask_only(struct capr_thread *t, uint64_t mask) {
    uint64_t before = t->sigmask;
    t->sigmask = mask &= ~CAPR_SIGNALS_UNBLOCKABLE;
    count(before, mask);
    if (capr__signals_mask_busy) return;
    uint64_t common = capr__signals_common();
    int news = common != kernel_mask;
    kernel_mask = common;
    if (news && capr__worker.number) capr__worker_interrupt(NULL);
}

void capr__signals_run_unblocked(const struct capr_thread *self) {
    const struct capr_extra *x = self->extra;
    if (x && x->pending && (capr__signals_of(self) & ~self->sigmask) && capr__may_switch()) capr__signals_run();
}

void capr__signals_set_mask(uint64_t mask) {
    struct capr_thread *self = capr__self();
    if (!self) {
        kernel_set(&mask);
        return;
    }
    uint64_t before = self->sigmask;
    mask &= ~CAPR_SIGNALS_UNBLOCKABLE;
    if (mask == before) return;
    if (before & ~mask & CAPR_SIGNALS_OF_CALLS && capr__signals_pending && capr__may_switch()) capr__signals_gather();
    int busy = capr__signals_mask_busy;
    capr__signals_mask_busy = busy_here();
    self->sigmask = mask;
    count(before, mask);
    capr__signals_mask_busy = busy;
    if (!busy) update();
    if (before & ~mask && capr__signals_unread) capr__signals_noted = 1; /* it may be for this one now */
    capr__signals_run_unblocked(self);
}

/* setjmp.S: what longjmp ends with, where setjmp saved the mask. */
CAPR_HIDDEN int capr__signals_jumped(uint64_t mask, int value) {
    CAPR_MONITOR;
    capr__signals_set_mask(mask);
    if (capr__many && capr__self()) {
        /* The handler that was left had the mask of the moment in which it came, in the middle, perhaps, of a change by another worker: then
         * everything was blocked, and a fault would end the program. */
        if (capr__worker.number == 0) {
            kernel_mask = capr__signals_common();
            first_set();
        } else {
            uint64_t mine = elsewhere();
            kernel_set(&mine);
        }
    }
    return value;
}

void capr__signals_begin(void) {
    sigset_t given;
    capr__sys4(SYS_rt_sigprocmask, SIG_BLOCK, 0, (long)&given, 8);
    __builtin_memcpy(&kernel_mask, &given, 8);
    if (!kernel_mask) return;
    capr__main_thread.sigmask = kernel_mask & ~CAPR_SIGNALS_UNBLOCKABLE;
    count(0, capr__main_thread.sigmask);
    update();
}

void capr__signals_inherit(struct capr_thread *t) {
    capr__signals_mask_busy = busy_here();
    count(0, t->sigmask);
    capr__process.live_threads++;
    capr__signals_mask_busy = 0;
}

void capr__signals_mask_differs(void) {
    if (!capr__signals_mask_busy) update();
}

void capr__signals_leave(struct capr_thread *self) {
    capr__signals_mask_busy = busy_here();
    count(self->sigmask, 0);
    capr__process.live_threads--;
    capr__signals_mask_busy = 0;
    update();
}

/* So long a thread's end, and a change of what a signal does, wait for signals on their way: a worker may not run for a while. */
#define ON_THEIR_WAY_NS 100000000

/* What all threads but `self`, of several, block. */
static uint64_t common_of_others(const struct capr_thread *self) {
    const struct capr_thread *other = capr__process.all == self ? self->all_next : capr__process.all;
    uint64_t common = 0;
    for (uint64_t rest = other ? other->sigmask & ~self->sigmask : 0; rest; rest &= rest - 1) {
        int i = __builtin_ctzll(rest);
        if (blocking[i] == capr__process.live_threads - 1) common |= 1ull << i;
    }
    return common;
}

/* Until the trampoline on the first worker has noted what it took out of the kernel's hands before: it lets nothing through while it runs. */
static void wait_for_first(uint64_t until) {
    if (capr__worker.number == 0) return;
    capr__worker_interrupt(NULL);
    while (CAPR_SEE(capr__workers[0]->interrupted) && capr__now() < until) CAPR_OUTSIDE(capr__sys1(SYS_sched_yield, 0));
}

/* Whether one of `set` is on its way to a thread, or any note is unread. */
static int on_their_way(uint64_t set, uint64_t until) {
    uint64_t pending = 0;
    capr__sys2(SYS_rt_sigpending, (long)&pending, 8); /* on the first worker, which lets them through, they come now */
    wait_for_first(until);
    return (pending & set) || capr__signals_unread;
}

void capr__signals_before_end(struct capr_thread *self) {
    CAPR_MONITOR;
    uint64_t until = 0, only;
    unsigned round = 0;
    while ((only = common_of_others(self))) {
        if (!until) until = capr__now() + ON_THEIR_WAY_NS;
        if (!on_their_way(only, until) || capr__poll_wait(&round, until, 0)) return;
    }
}

void capr__signals_before_change(int number) {
    const struct capr_thread *self = capr__self();
    if (!self || self == capr__worker.idle || !capr__may_switch() || self->sigmask & CAPR_SIGNAL_BIT(number)) return;
    const uint64_t until = capr__now() + ON_THEIR_WAY_NS;
    for (unsigned round = 0; on_their_way(CAPR_SIGNAL_BIT(number), until) && !capr__poll_wait(&round, until, 0);) {
    }
    capr__signals_run_unblocked(self);
}

void capr__signals_ending(struct capr_thread *self) {
    self->ending = 1;
    if (capr__process.masked_threads) capr__signals_set_mask(self->sigmask | ~CAPR_SIGNALS_OF_CALLS); /* of which it makes none */
}

void capr__signals_forked(struct capr_thread *self) {
    __builtin_memset(blocking, 0, sizeof blocking);
    capr__process.masked_threads = 0;
    count(0, self->sigmask);
    if (self->extra) capr__signals_free(self->extra);
    capr__signals_held = 0;
    capr__signals_forget_all();
    capr__turns_forked();
    kernel_mask = capr__signals_common();
    kernel_set(&kernel_mask);
}

void capr__signals_before_exec(void) {
    struct capr_thread *self = capr__self();
    if (self && (capr__worker.number || self->sigmask != kernel_mask)) kernel_set(&self->sigmask);
}

void capr__signals_after_exec(void) {
    struct capr_thread *self = capr__self();
    const uint64_t mask = capr__worker.number ? elsewhere() : kernel_mask;
    if (self && (capr__worker.number || self->sigmask != mask)) kernel_set(&mask);
}

/* --- what programs call ------------------------------------------------------------------------------------------------------ */

static uint64_t word(const sigset_t *set) {
    uint64_t mask;
    __builtin_memcpy(&mask, set, 8);
    return mask;
}

static int change(int how, const sigset_t *set, sigset_t *old) {
    struct capr_thread *self = capr__self();
    if (!self) return (int)-capr__sys4(SYS_rt_sigprocmask, how, (long)set, (long)old, 8);
    capr__turn_look();
    uint64_t mask = self->sigmask, given = set ? word(set) : 0;
    if (set) {
        if (how == SIG_BLOCK)
            given |= mask;
        else if (how == SIG_UNBLOCK)
            given = mask & ~given;
        else if (how != SIG_SETMASK)
            return EINVAL;
    }
    if (old) __builtin_memcpy(old, &mask, 8); /* 8 bytes, as the kernel's: the rest of a sigset_t means nothing */
    if (set) capr__signals_set_mask(given);
    return 0;
}

/* POSIX pthread_sigmask. Returns 0 or EINVAL. Signals that become unblocked are handled before it returns. */
CAPR_INTERPOSE int pthread_sigmask(int how, const sigset_t *restrict set, sigset_t *restrict old) { CAPR_MONITOR; return change(how, set, old); }

/* sigprocmask(2): the same, which POSIX leaves open where there are several threads. */
CAPR_INTERPOSE int sigprocmask(int how, const sigset_t *restrict set, sigset_t *restrict old) {
    CAPR_MONITOR;
    return (int)capr__result(-change(how, set, old));
}

/* sigpending(2): for the process, and for the calling thread. */
CAPR_INTERPOSE int sigpending(sigset_t *set) {
    CAPR_MONITOR;
    uint64_t pending = 0;
    if (capr__signals_pending && capr__may_switch()) capr__signals_gather();
    if (capr__signals_held) capr__signals_settle(capr__signals_held);
    long r = capr__sys2(SYS_rt_sigpending, (long)&pending, 8);
    if (r < 0) return (int)capr__result(r);
    if (capr__self()) pending |= capr__signals_of(capr__self());
    __builtin_memcpy(set, &pending, 8);
    return 0;
}

/* The calls of BSD and System V: libc's own would change the worker's mask past us. */
static int by_number(int number, int how) {
    if (number < 1 || number > CAPR_SIGNALS || number == 32 || number == 33) return (int)capr__result(-EINVAL);
    uint64_t bit = CAPR_SIGNAL_BIT(number);
    sigset_t set = {{0}};
    __builtin_memcpy(&set, &bit, 8);
    return sigprocmask(how, &set, NULL);
}

CAPR_INTERPOSE int sighold(int number) { CAPR_MONITOR; return by_number(number, SIG_BLOCK); }
CAPR_INTERPOSE int sigrelse(int number) { CAPR_MONITOR; return by_number(number, SIG_UNBLOCK); }

static int low_mask(int how, int mask) {
    sigset_t set = {{0}}, old = {{0}};
    __builtin_memcpy(&set, &mask, 4);
    sigprocmask(how, &set, &old);
    __builtin_memcpy(&mask, &old, 4);
    return mask;
}

CAPR_INTERPOSE int sigblock(int mask) { CAPR_MONITOR; return low_mask(SIG_BLOCK, mask); }
CAPR_INTERPOSE int sigsetmask(int mask) { CAPR_MONITOR; return low_mask(SIG_SETMASK, mask); }
CAPR_INTERPOSE int siggetmask(void) { CAPR_MONITOR; return low_mask(SIG_BLOCK, 0); }
