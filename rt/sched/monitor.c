/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Entering and leaving the monitor (monitor.h). The lock is a word that names its worker, since a signal handler has to know whether it
 * came between the count and the lock. Who waits for it spins, for as long as the one inside is likely to take, then lets the kernel
 * run somebody else: there may be more workers than processors, and the one inside may be the one that does not run. Fat code.
 */
#include "monitor.h"

#include "../io/syscalls.h"

/* Rounds of 40 to 140 cycles (pause): some microseconds, many times what a call takes inside. */
#define SPINS 100

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

static __attribute__((noinline, cold)) void wait_for_it(uint32_t me) {
    unsigned round = 0;
    for (;;) {
        uint32_t free = 0;
        if (__atomic_load_n(&capr__monitor, __ATOMIC_RELAXED) == 0 &&
            __atomic_compare_exchange_n(&capr__monitor, &free, me, 0, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
            return;
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

uint32_t capr__monitor_out(void) { return capr__step_out(); }

void capr__monitor_abandon(void) {
    capr__worker.kept_inside = 0;
    capr__monitor_out();
}

void capr__monitor_in(uint32_t depth) {
    struct capr_worker *w = &capr__worker;
    w->inside = depth;
    take(w->number + 1);
}
