/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Insertion into the deadline heap and removal from it, on the waiting thread's own stack. Firing is the idle thread's (idle.c).
 */
#include "timer.h"

#include "monitor.h"

static inline void put(uint32_t at, struct capr_timer_entry entry) {
    capr__process.timers[at] = entry;
    entry.thread->timer = (int32_t)at;
}

static void sift_up(uint32_t at, struct capr_timer_entry entry) {
    while (at > 0) {
        uint32_t parent = (at - 1) / 4;
        if (capr__process.timers[parent].deadline <= entry.deadline) break;
        put(at, capr__process.timers[parent]);
        at = parent;
    }
    put(at, entry);
}

static void sift_down(uint32_t at, struct capr_timer_entry entry) {
    for (;;) {
        uint32_t child = at * 4 + 1, least = at;
        uint64_t deadline = entry.deadline;
        for (uint32_t end = child + 4 < capr__process.timer_count ? child + 4 : capr__process.timer_count; child < end; child++)
            if (capr__process.timers[child].deadline < deadline) {
                least = child;
                deadline = capr__process.timers[child].deadline;
            }
        if (least == at) break;
        put(at, capr__process.timers[least]);
        at = least;
    }
    put(at, entry);
}

void capr__timer_insert(struct capr_thread *t) {
    capr__handlers_off();
    if (capr__process.timer_count == capr__process.timer_capacity) capr__timer_grow();
    CAPR_SHOW_MORE(capr__process.timer_count, 1);
    sift_up(capr__process.timer_count - 1, (struct capr_timer_entry){t->deadline, t});
    capr__handlers_on();
}

static void take_out(struct capr_thread *t) {
    uint32_t at = (uint32_t)t->timer;
    CAPR_SHOW_MORE(capr__process.timer_count, -1);
    struct capr_timer_entry last = capr__process.timers[capr__process.timer_count];
    t->timer = -1;
    if (last.thread == t) return;
    if (at > 0 && last.deadline < capr__process.timers[(at - 1) / 4].deadline)
        sift_up(at, last);
    else
        sift_down(at, last);
}

void capr__timer_remove(struct capr_thread *t) {
    capr__handlers_off();
    take_out(t);
    capr__handlers_on();
}
