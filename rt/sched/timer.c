/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Insertion into the deadline heap and removal from it, on the waiting thread's own stack. Firing is the idle thread's (idle.c).
 */
#include "timer.h"

static inline void put(struct capr_worker *w, uint32_t at, struct capr_timer_entry entry)
{
    w->timers[at] = entry;
    entry.thread->timer = (int32_t)at;
}

static void sift_up(struct capr_worker *w, uint32_t at, struct capr_timer_entry entry)
{
    while (at > 0) {
        uint32_t parent = (at - 1) / 4;
        if (w->timers[parent].deadline <= entry.deadline)
            break;
        put(w, at, w->timers[parent]);
        at = parent;
    }
    put(w, at, entry);
}

static void sift_down(struct capr_worker *w, uint32_t at, struct capr_timer_entry entry)
{
    for (;;) {
        uint32_t child = at * 4 + 1, least = at;
        uint64_t deadline = entry.deadline;
        for (uint32_t end = child + 4 < w->timer_count ? child + 4 : w->timer_count; child < end; child++)
            if (w->timers[child].deadline < deadline) {
                least = child;
                deadline = w->timers[child].deadline;
            }
        if (least == at)
            break;
        put(w, at, w->timers[least]);
        at = least;
    }
    put(w, at, entry);
}

void capr__timer_insert(struct capr_thread *t)
{
    struct capr_worker *w = &capr__worker;
    if (w->timer_count == w->timer_capacity)
        capr__timer_grow(w);
    sift_up(w, w->timer_count++, (struct capr_timer_entry){t->deadline, t});
}

void capr__timer_remove(struct capr_thread *t)
{
    struct capr_worker *w = &capr__worker;
    uint32_t at = (uint32_t)t->timer;
    struct capr_timer_entry last = w->timers[--w->timer_count];
    t->timer = -1;
    if (last.thread == t)
        return;
    if (at > 0 && last.deadline < w->timers[(at - 1) / 4].deadline)
        sift_up(w, at, last);
    else
        sift_down(w, at, last);
}
