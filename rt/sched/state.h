/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * What the scheduler decides at this moment, for who looks on. Plain code.
 */
#ifndef CAPR_SCHED_STATE_H
#define CAPR_SCHED_STATE_H

#include "../graph/text.h"
#include "limits.h"

#define CAPR_HELD_TOLD 32 /* nodes that are named; a server has a few that take what is scarce */

struct capr_scheduler_state {
    const char *policy;
    int decides; /* else a FIFO goes on */
    struct capr_limit limits[CAPR_LIMITS];
    int64_t kinds[CAPR_KINDS]; /* descriptors that calls of the program have made, by CAPR_KIND_* */
    uint32_t held_count;
    struct {
        uint32_t node, waiting; /* threads that are ready there */
        const char *why;        /* name of a resource */
    } held[CAPR_HELD_TOLD];
};

extern CAPR_HIDDEN const char *const capr__kind_names[CAPR_KINDS];

/* On the worker. */
CAPR_HIDDEN void capr__scheduler_state(struct capr_scheduler_state *out);

/* As the inside of the JSON object `scheduler` (docs/blocking-graph.md); `name_of` writes a node's id. */
CAPR_HIDDEN void capr__scheduler_json(const struct capr_scheduler_state *s, struct capr_text *json, void (*name_of)(const void *, uint32_t, char *, size_t),
                                      const void *graph);

#endif
