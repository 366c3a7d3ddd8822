/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * CAPRICCIO_SCHED=random:SEED: which of the ready threads is next. Only the head of the queue is chosen anew, so that the rest of the
 * scheduler knows nothing of it, and a run can be had again from its seed. Plain code; never runs without the setting.
 */
#include "../proc/env.h"
#include "switch.h"

/* How far back a thread may be taken from: enough to turn any two operations of a test around, without walking long queues. */
#define REACH 16

static uint64_t next_random(void) {
    /* splitmix64, public domain (Sebastiano Vigna) */
    uint64_t z = capr__env.sched_seed += 0x9e3779b97f4a7c15ull;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
    return z ^ (z >> 31);
}

void capr__shuffle(struct capr_worker *w) {
    struct capr_thread *before = w->run_head;
    for (uint64_t steps = next_random() % REACH; steps && before->next; steps--) before = before->next;
    struct capr_thread *chosen = before->next;
    if (!chosen) return;
    before->next = chosen->next;
    if (w->run_tail == chosen) w->run_tail = before;
    chosen->next = w->run_head;
    CAPR_SHOW(w->run_head, chosen);
}
