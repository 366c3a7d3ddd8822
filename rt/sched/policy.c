/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The table of policies, and the change from one to FIFO and back. Plain code.
 */
#include "policy.h"

#include <string.h>

#include "../sync/mutex.h"
#include "limits.h"
#include "node_queues.h"
#include "run_queue.h"
#include "switch.h"
#include "workers.h"

static uint32_t choose_random(struct capr_worker *w) {
    if (w->run_head) capr__shuffle(w);
    return 1;
}

#define TICK 10000000ull      /* ns */
#define TICK_NEAR 1000000ull
#define SAMPLE_EVERY 8 /* choices, about, of a policy that decides: where few threads run those ways count that are seldom gone */

static const struct capr_policy policies[] = {
    {"rr", NULL, NULL, NULL},
    {"graph", capr__nodes_choose, capr__graph_decides, capr__nodes_leave},
    {"resource", capr__nodes_choose, capr__resource_decides, capr__nodes_leave},
    {"random", choose_random, NULL, NULL},
};

const struct capr_policy *capr__policy;
int capr__policy_admits;
uint32_t capr__policy_kept;
static uint64_t tick_at;

int capr__policy_set(const char *name) {
    for (size_t i = 0; i < sizeof policies / sizeof *policies; i++)
        if (!strcmp(policies[i].name, name)) {
            capr__policy = policies[i].choose ? &policies[i] : NULL;
            capr__policy_admits = policies[i].decides == capr__resource_decides;
            return 1;
        }
    return 0;
}

uint64_t capr__policy_period(void) { return capr__limits_near ? TICK_NEAR : TICK; }

void capr__policy_tick(struct capr_worker *w, uint64_t now) {
    if (!capr__policy->decides || now < tick_at) return;
    tick_at = UINT64_MAX; /* one worker decides at a time, also while it is outside the monitor */
    uint32_t decides = capr__policy->decides(w, now) != 0;
    tick_at = capr__now() + capr__policy_period();
    if (w->policy && !decides) capr__policy_flatten(w);
    for (uint32_t i = 0; i < capr__worker_count; i++) CAPR_SHOW(capr__workers[i]->policy, decides);
}

uint32_t capr__policy_choose(struct capr_worker *w) {
    static uint32_t choices;
    capr__run_lock(w);
    uint32_t chosen = capr__policy->choose(w);
    capr__run_unlock(w);
    w->choose_at = w->count.switches + chosen;
    if (capr__policy_admits && ++choices % SAMPLE_EVERY == 0) capr__graph_sample_next(w);
    return chosen;
}

#define CHAIN_MOST 16   /* holders that wait for holders */
#define WAITERS_MOST 64 /* waiters that are looked at */

void capr__policy_need(struct capr_thread *holder) {
    if (!capr__node_queues) return;
    for (int i = 0; holder && i < CHAIN_MOST; i++) {
        capr__nodes_need(&capr__worker, holder);
        const struct capr_mutex *m = holder->wait_data;
        if (holder->state != CAPR_PARKED || !holder->queue || holder->queue != &m->waiters) return;
        uint64_t owner = CAPR_SEE(m->owner);
        holder = owner & CAPR_MUTEX_FOREIGN ? NULL : (struct capr_thread *)(owner & CAPR_MUTEX_OWNER);
    }
}

struct capr_thread *capr__policy_first(const struct capr_queue *waiters) {
    struct capr_thread *t = capr__node_queues ? waiters->head : NULL;
    for (int i = 0; t && i < WAITERS_MOST; i++, t = t->next)
        if (capr__node_queues[t->node].is.does == CAPR_NODE_GIVES) return t;
    return NULL;
}

void capr__policy_flatten(struct capr_worker *w) {
    if (!w->policy || !capr__policy->leave) return;
    capr__run_lock(w);
    capr__policy->leave(w);
    capr__run_unlock(w);
}

void capr__policy_forked(struct capr_worker *w) {
    capr__policy_flatten(w);
    w->run_head = NULL;
    tick_at = 0;
}
