/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The table of policies, and the change from one to FIFO and back. Plain code.
 */
#include "policy.h"

#include <string.h>

#include "node_queues.h"
#include "switch.h"

static uint32_t choose_random(struct capr_worker *w)
{
    if (w->run_head)
        capr__shuffle(w);
    return 1;
}

static const struct capr_policy policies[] = {
    {"rr", NULL, NULL, NULL},
    {"graph", capr__nodes_choose, capr__graph_decides, capr__nodes_leave},
    {"resource", capr__nodes_choose, capr__resource_decides, capr__nodes_leave},
    {"random", choose_random, NULL, NULL},
};

const struct capr_policy *capr__policy;
int capr__policy_admits;
uint32_t capr__policy_kept;
uint64_t capr__choose_at;
static uint64_t tick_at;

int capr__policy_set(const char *name)
{
    for (size_t i = 0; i < sizeof policies / sizeof *policies; i++)
        if (!strcmp(policies[i].name, name)) {
            capr__policy = policies[i].choose ? &policies[i] : NULL;
            capr__policy_admits = policies[i].decides == capr__resource_decides;
            return 1;
        }
    return 0;
}

void capr__policy_tick(struct capr_worker *w, uint64_t now)
{
    if (!capr__policy->decides || now < tick_at)
        return;
    tick_at = now + CAPR_POLICY_TICK;
    uint32_t decides = capr__policy->decides(w, now) != 0;
    if (w->policy && !decides)
        capr__policy->leave(w);
    w->policy = decides;
}

uint32_t capr__policy_choose(struct capr_worker *w)
{
    uint32_t chosen = capr__policy->choose(w);
    capr__choose_at = w->count.switches + chosen;
    return chosen;
}

void capr__policy_flatten(struct capr_worker *w)
{
    if (w->policy && capr__policy->leave)
        capr__policy->leave(w);
}

void capr__policy_forked(struct capr_worker *w)
{
    capr__policy_flatten(w);
    w->run_head = NULL;
    tick_at = 0;
}
