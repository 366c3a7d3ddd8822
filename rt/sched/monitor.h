/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The runtime as a monitor: with several workers, what threads share (wait queues, descriptors, timers, threads' records) is read and
 * written by one worker at a time. The program's own code, external code, waits in the kernel and the switch itself run outside, all
 * workers at once; so do the uncontended paths of mutexes, thread-specific data, stacks and run queues, each of which has a way of its
 * own. With one worker all of this is one test of a variable that never changes.
 *
 * A call of the program's enters, once or again inside another, by CAPR_MONITOR; where it waits (sched.c) it is outside, and in again
 * when it goes on, perhaps on another worker. A signal handler that came while its worker was inside counts as inside to its end, also where
 * it calls the kernel: what it interrupted is in the middle of something, and goes on only after it, as ever; or never, where it jumps away.
 * What has to be whole then is done with handlers off, also by one worker alone.
 */
#ifndef CAPR_MONITOR_H
#define CAPR_MONITOR_H

#include "../layout.h"

/* Whether there may be several workers. Set at start, then read only. */
extern CAPR_HIDDEN uint32_t capr__many;

/* Around what a handler may not interrupt, since it may jump away: signals are noted meanwhile, and come when the call of the runtime's is left
 * or steps out. No giving way in between; they nest. */
static inline void capr__handlers_off(void) {
    capr__worker.spin_locks++;
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
}
static inline void capr__handlers_on(void) {
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    capr__worker.spin_locks--;
}

/* A lock for a few instructions, also outside the monitor. Never held across a call of the program's or a switch; a signal that comes
 * meanwhile is kept for later, since its handler might wait for the monitor, and who is in there for this lock. */
CAPR_HIDDEN void capr__spin_wait(uint32_t *word);

static inline void capr__spin_lock(uint32_t *word) {
    capr__handlers_off();
    if (__builtin_expect(__atomic_exchange_n(word, 1, __ATOMIC_ACQUIRE) != 0, 0)) capr__spin_wait(word);
}

static inline void capr__spin_unlock(uint32_t *word) {
    __atomic_store_n(word, 0, __ATOMIC_RELEASE);
    capr__handlers_on();
}

/* The number of the worker inside, plus 1; 0: nobody; with CAPR_LENT and how often that worker has lent it: it is in a call of CAPR_HELD. */
#define CAPR_LENT 0x80000000u
extern CAPR_HIDDEN uint32_t capr__monitor;

CAPR_HIDDEN void capr__monitor_enter(void);
CAPR_HIDDEN void capr__monitor_leave(void);

/* proc/notes.c. Not 0: among the notes may be signals for the running thread. Those come now, on the first worker, and not in a handler. May
 * not come back, as whatever a handler interrupts. */
extern CAPR_HIDDEN volatile int capr__signals_noted;
CAPR_HIDDEN void capr__signals_late(void);
static inline void capr__signals_look_late(void) {
    if (__builtin_expect(capr__signals_noted, 0)) capr__signals_late();
}

/* Enters; leaves. On a kernel thread that is no worker, nothing. */
static inline void capr__enter(void) {
    if (__builtin_expect(capr__many, 0)) capr__monitor_enter();
}

static inline void capr__leave(void) {
    if (__builtin_expect(capr__many, 0)) capr__monitor_leave();
    capr__signals_look_late();
}

static inline void capr__left(const char *in) {
    (void)in;
    capr__leave();
}

/* First in a function that is to run inside: to its end, however it returns. */
#define CAPR_MONITOR                                                                                                                   \
    capr__enter();                                                                                                                     \
    __attribute__((cleanup(capr__left), unused)) char capr__inside_to_the_end

/* All the way out, whatever depth: around code of the program's that the runtime calls, and calls of the kernel that may take long. Returns
 * what the other needs to be as deep inside again. */
static inline uint32_t capr__step_out(void) {
    struct capr_worker *w = &capr__worker;
    uint32_t depth = w->kept_inside ? 0 : w->inside;
    if (depth) {
        w->inside = 0;
        __atomic_store_n(&capr__monitor, 0, __ATOMIC_RELEASE);
    }
    return depth;
}

CAPR_HIDDEN uint32_t capr__monitor_out(void); /* the same, called */
CAPR_HIDDEN void capr__monitor_in(uint32_t depth);

/* A thread is about to wait outside the monitor, where what it waits in may change under its hands: ends the program. Plain code. */
CAPR_HIDDEN _Noreturn void capr__outside_the_monitor(void);

/* A signal handler is left for good, and with it what it interrupted. Called by setjmp.S, too. */
CAPR_HIDDEN void capr__monitor_abandon(void);

static inline uint32_t capr__out(void) {
    if (__builtin_expect(capr__many, 0)) return capr__monitor_out();
    capr__signals_look_late();
    return 0;
}

static inline void capr__in(uint32_t depth) {
    if (__builtin_expect(depth != 0, 0)) capr__monitor_in(depth);
}

/* Lends; is as deep inside again as the other said. See CAPR_HELD. */
CAPR_HIDDEN uint32_t capr__monitor_lend(void);
CAPR_HIDDEN void capr__monitor_take_back(uint32_t depth);

/* A call of the kernel that is not to wait as long as no thread of this process comes between what was looked at before, inside, and the
 * call. Others stay out of the monitor meanwhile; but if it has waited for LENT_NS (monitor.c) all the same, since another process came
 * between, they go on without this worker. */
#define CAPR_HELD(expression)                                                                                                          \
    (__extension__({                                                                                                                   \
        uint32_t capr__depth = __builtin_expect(capr__many, 0) ? capr__monitor_lend() : 0;                                             \
        __typeof__(expression) capr__value = (expression);                                                                             \
        if (__builtin_expect(capr__depth != 0, 0)) capr__monitor_take_back(capr__depth);                                               \
        capr__value;                                                                                                                   \
    }))

/* An expression, outside where `condition` holds. */
#define CAPR_OUTSIDE_IF(condition, expression)                                                                                         \
    (__extension__({                                                                                                                   \
        uint32_t capr__depth = (condition) ? capr__out() : 0;                                                                          \
        __typeof__(expression) capr__value = (expression);                                                                             \
        capr__in(capr__depth);                                                                                                         \
        capr__value;                                                                                                                   \
    }))

/* An expression outside: a call of the kernel that may take long. */
#define CAPR_OUTSIDE(expression) CAPR_OUTSIDE_IF(1, expression)

#endif
