/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Deadlines of waits: a 4-ary heap in one array, in which each thread knows its index, so that a thread woken early leaves in
 * O(log n) too. Four children fit a cache line, which halves the depth against two.
 */
#ifndef CAPR_TIMER_H
#define CAPR_TIMER_H

#include "../layout.h"

struct capr_timer_entry {
    uint64_t deadline;          /* ns of CLOCK_MONOTONIC */
    struct capr_thread *thread; /* whose `timer` is this entry's index */
};

/* Inserts `t`, whose `deadline` is set. Never blocks. */
CAPR_HIDDEN void capr__timer_insert(struct capr_thread *t);

/* Takes `t` out; it is in the heap. Never blocks. */
CAPR_HIDDEN void capr__timer_remove(struct capr_thread *t);

/* Doubles the array. Plain code; ends the program when memory runs out. */
CAPR_HIDDEN void capr__timer_grow(void);

#endif
