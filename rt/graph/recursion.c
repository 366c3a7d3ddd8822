/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * See recursion.h. A search by breadth in the order of the table, so that the answer depends on the arguments alone: two stacks with the
 * same word have to be shown as the same chain.
 */
#include "recursion.h"

#include "tables.h"

#define SEEN_MAX 512 /* functions; 6 KB of stack */

struct ways {
    uint32_t queue[SEEN_MAX], count;
    uint32_t set[2 * SEEN_MAX]; /* open addressing: function + 1, 0: free */
};

/* False where there is no room. */
static int add(struct ways *w, uint32_t function) {
    uint32_t at = function * 0x9e3779b1u >> 22;
    static_assert(2 * SEEN_MAX == 1u << (32 - 22), "the hash is as wide as the set");
    for (; w->set[at]; at = (at + 1) % (2 * SEEN_MAX))
        if (w->set[at] == function + 1) return 1;
    if (w->count == SEEN_MAX) return 0;
    w->set[at] = function + 1;
    w->queue[w->count++] = function;
    return 1;
}

static int leads(uint32_t from, uint32_t to, uint32_t without, int straight) {
    struct ways w = {.count = 0};
    const struct capr_tables *t = capr__table_of(from); /* of one component, hence of one module */
    add(&w, from);
    for (uint32_t next = 0; next < w.count; next++) {
        uint32_t f = w.queue[next];
        const struct capr_context_function *its = capr__table_function(t, f);
        for (uint32_t i = 0; i < its->sites; i++) {
            const struct capr_context_site *s = &t->of.sites[its->first + i];
            uint32_t callee = capr__site_to(t, s);
            if (!(s->flags & CAPR_SITE_INSIDE) || callee == without || (callee == to && f == from && !straight)) continue;
            if (callee == to || !add(&w, callee)) return 1;
        }
    }
    return 0;
}

int capr__recursion_passes(uint32_t from, uint32_t to, uint32_t without) { return leads(from, to, without, 1); }
int capr__recursion_detours(uint32_t from, uint32_t to) { return leads(from, to, from, 0); }
