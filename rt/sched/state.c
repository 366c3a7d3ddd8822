/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * See state.h.
 */
#include "state.h"

#include <string.h>

#include "../graph/workers.h"
#include "node_queues.h"
#include "policy.h"

void capr__scheduler_state(struct capr_scheduler_state *out) {
    memset(out, 0, sizeof *out);
    out->policy = capr__policy ? capr__policy->name : "rr";
    out->decides = (int)capr__worker.policy;
    memcpy(out->limits, capr__limits, sizeof out->limits);
    double made = 0;
    for (int k = 0; k < CAPR_KINDS; k++) made += (double)(out->kinds[k] = capr__use_of_all(CAPR_USES + k));
    for (int i = 0; i < CAPR_NAMED; i++) out->limits[CAPR_LIMIT_NAMED + i].used = (double)capr__use_of_all(CAPR_USE_NAMED + i);
    for (int i = 0; i < CAPR_LIMIT_NAMED && !capr__limits_known(); i++) { /* left out, but what is known by its kinds */
        if (i != CAPR_LIMIT_FILES) out->limits[i].name = NULL;
        out->limits[i].used = made;
        out->limits[i].limit = 0;
    }
    for (uint32_t i = 0; out->decides && capr__node_queues && i < capr__node_count(); i++) {
        const struct capr_node_queue *q = &capr__node_queues[i];
        if (q->is.does < CAPR_NODE_HELD) continue;
        if (out->held_count < CAPR_HELD_TOLD) {
            out->held[out->held_count].node = i;
            out->held[out->held_count].waiting = q->count;
            out->held[out->held_count].why = capr__limits[q->is.what].name;
        }
        out->held_count++;
    }
}

const char *const capr__kind_names[CAPR_KINDS] = {"sockets", "pipes", "files", "other"};

static void by_kind(const struct capr_scheduler_state *s, struct capr_text *json) {
    capr__text_add(json, ", \"by_kind\": {");
    for (int k = 0; k < CAPR_KINDS; k++) capr__text_add(json, "%s\"%s\": %lld", k ? ", " : "", capr__kind_names[k], (long long)s->kinds[k]);
    capr__text_add(json, "}");
}

void capr__scheduler_json(const struct capr_scheduler_state *s, struct capr_text *json, void (*name_of)(const void *, uint32_t, char *, size_t),
                          const void *graph) {
    char name[40];
    const char *comma = "";
    capr__text_add(json, "\"name\": \"%s\", \"resources\": [", s->policy);
    for (int i = 0; i < CAPR_LIMITS; i++) {
        const struct capr_limit *l = &s->limits[i];
        if (!l->name) continue;
        capr__text_add(json, "%s{\"name\": \"", comma);
        capr__text_quote(json, l->name, strlen(l->name));
        capr__text_add(json, "\", \"used\": %.0f, \"limit\": %.0f, \"scarce\": %s", l->used, l->limit, l->scarce ? "true" : "false");
        if (i == CAPR_LIMIT_FILES) by_kind(s, json);
        capr__text_add(json, "}");
        comma = ", ";
    }
    capr__text_add(json, "], \"favours\": \"%s\", \"nodes held\": [",
                   !s->decides ? "who has been ready longest" : s->held_count ? "nodes that give back what is scarce" : "nodes by turns");
    comma = "";
    for (uint32_t i = 0; i < s->held_count && i < CAPR_HELD_TOLD; i++) {
        name_of(graph, s->held[i].node, name, sizeof name);
        capr__text_add(json, "%s{\"id\": \"%s\", \"why\": \"takes ", comma, name);
        capr__text_quote(json, s->held[i].why, strlen(s->held[i].why));
        capr__text_add(json, "\", \"waiting\": %u}", s->held[i].waiting);
        comma = ", ";
    }
    capr__text_add(json, "]");
}
