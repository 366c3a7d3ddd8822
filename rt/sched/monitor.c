/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Entering and leaving the monitor (monitor.h). The lock is a word that names its worker, since a signal handler has to know whether it
 * came between the count and the lock. Who waits for it spins, for as long as the one inside is likely to take, then lets the kernel
 * run somebody else: there may be more workers than processors, and the one inside may be the one that does not run. Fat code.
 */
#include "monitor.h"

#include <time.h>

#include "../io/syscalls.h"
#include "../proc/signals.h"

/* Rounds of 40 to 140 cycles (pause): some microseconds, many times what a call takes inside. */
#define SPINS 100

/* After so long the one to whom the monitor is lent waits in the kernel, and does not only lack a processor. */
#define LENT_NS 20000000u
#define LENDS 0x7fff0000u /* how often it was lent */

uint32_t capr__many;
uint32_t capr__monitor __attribute__((aligned(64)));

static inline void spin(unsigned *round) {
    if (++*round < SPINS)
        __builtin_ia32_pause();
    else
        capr__sys1(SYS_sched_yield, 0);
}

__attribute__((noinline, cold)) void capr__spin_wait(uint32_t *word) {
    unsigned round = 0;
    do
        while (__atomic_load_n(word, __ATOMIC_RELAXED)) spin(&round);
    while (__atomic_exchange_n(word, 1, __ATOMIC_ACQUIRE));
}

/* The loan that a worker waits for the end of. */
struct loan {
    uint32_t word;
    uint64_t since; /* ns of CLOCK_MONOTONIC, seen first */
};

/* Whether a worker may go in that sees `word`. This worker's own loan ends by a handler of this worker's. */
static int is_free(uint32_t word, uint32_t me, unsigned round, struct loan *loan) {
    if (!(word & CAPR_LENT)) return word == 0;
    if ((word & ~(CAPR_LENT | LENDS)) == me) return 1;
    if (round < SPINS) return 0;
    struct timespec t; /* the kernel's own call, which needs no stack, wherever this is */
    if (capr__sys2(SYS_clock_gettime, CLOCK_MONOTONIC, (long)&t) < 0) return 0;
    uint64_t now = (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
    if (loan->word != word) *loan = (struct loan){ word, now };
    return now - loan->since > LENT_NS;
}

static __attribute__((noinline, cold)) void wait_for_it(uint32_t me) {
    unsigned round = 0;
    struct loan loan = { 0, 0 };
    for (;;) {
        uint32_t word = __atomic_load_n(&capr__monitor, __ATOMIC_RELAXED);
        if (is_free(word, me, round, &loan) && __atomic_compare_exchange_n(&capr__monitor, &word, me, 0, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) return;
        spin(&round);
    }
}

static inline void take(uint32_t me) {
    uint32_t free = 0;
    if (__builtin_expect(!__atomic_compare_exchange_n(&capr__monitor, &free, me, 0, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED), 0)) wait_for_it(me);
}

void capr__monitor_enter(void) {
    struct capr_worker *w = &capr__worker;
    if (w->self && w->inside++ == 0) take(w->number + 1);
}

void capr__monitor_leave(void) {
    struct capr_worker *w = &capr__worker;
    if (w->self && --w->inside == 0) __atomic_store_n(&capr__monitor, 0, __ATOMIC_RELEASE);
}

uint32_t capr__monitor_out(void) {
    uint32_t depth = capr__step_out();
    capr__signals_look_late();
    return depth;
}

void capr__monitor_abandon(void) {
    capr__worker.kept_inside = 0;
    capr__worker.spin_locks = 0; /* a fault's handler left what had others off */
    capr__worker.busy = NULL;
    capr__signal_stack_left();
    capr__step_out();
}

void capr__monitor_in(uint32_t depth) {
    struct capr_worker *w = &capr__worker;
    w->inside = depth;
    take(w->number + 1);
}

uint32_t capr__monitor_lend(void) {
    struct capr_worker *w = &capr__worker;
    uint32_t depth = w->kept_inside ? 0 : w->inside;
    if (depth) {
        w->inside = 0;
        w->lends += LENDS & -LENDS;
        __atomic_store_n(&capr__monitor, CAPR_LENT | (w->lends & LENDS) | (w->number + 1), __ATOMIC_RELEASE);
        capr__signals_look_late();
    }
    return depth;
}

void capr__monitor_take_back(uint32_t depth) {
    struct capr_worker *w = &capr__worker;
    uint32_t me = w->number + 1, lent = CAPR_LENT | (w->lends & LENDS) | me;
    w->inside = depth;
    if (!__atomic_compare_exchange_n(&capr__monitor, &lent, me, 0, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) wait_for_it(me); /* others went on */
}
