/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A node's chain never changes, and captop asks for all of them every second. What no way of calls adds up to is found out by a search that has
 * to end some time: once, and not in each look. Chains lie one behind the other, without gaps, in memory that is reserved and
 * touched as they come; beyond it they are decoded each time.
 */
#include "chains.h"

#include <string.h>
#include <sys/mman.h>

#define CALLS_MAX (32u * CAPR_NODES_MAX) /* as walk.c has frames */
#define ENOUGH 1000 /* steps that each node has at least: several times the calls of the longest chain */

struct kept {
    uint32_t first, count; /* calls */
    const char *sink;
    uint8_t exact, cut, unsure;
    uint8_t known;         /* 0: nothing yet */
};

static struct kept *kept;             /* CAPR_NODES_MAX; NULL: no memory */
static struct capr_chain_call *calls; /* CALLS_MAX */
static uint32_t used;

#define BYTES (CAPR_NODES_MAX * sizeof *kept + CALLS_MAX * sizeof *calls)

static void reserve(void) {
    void *p = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    kept = p == MAP_FAILED ? NULL : p;
    calls = kept ? (struct capr_chain_call *)(kept + CAPR_NODES_MAX) : NULL;
}

void capr__chains_forget(void) {
    if (kept) munmap(kept, BYTES);
    kept = NULL;
    used = 0;
}

static void keep(uint32_t number, const struct capr_chain *chain) {
    if (!kept || chain->count > CALLS_MAX - used) return;
    memcpy(calls + used, chain->calls, chain->count * sizeof *calls);
    kept[number] = (struct kept){.first = used, .count = chain->count, .sink = chain->sink, .exact = chain->exact != 0, .cut = chain->cut != 0,
                                 .unsure = chain->unsure != 0, .known = 1};
    used += chain->count;
}

void capr__chain_of(const struct capr_graph *g, uint32_t number, struct capr_chain *out, uint32_t *steps) {
    if (!kept) reserve();
    const struct kept *k = kept ? &kept[number] : NULL;
    if (k && k->known) {
        *out = (struct capr_chain){.count = k->count, .sink = k->sink, .exact = k->exact, .cut = k->cut, .unsure = k->unsure};
        memcpy(out->calls, calls + k->first, k->count * sizeof *calls);
        return;
    }
    uint32_t most = *steps < CAPR_DECODE_STEPS ? *steps : CAPR_DECODE_STEPS, given = most > ENOUGH ? most : ENOUGH, left = given;
    capr__decode(g, &g->nodes[number], out, &left);
    *steps -= given - left < *steps ? given - left : *steps;
    if (left || given == CAPR_DECODE_STEPS) keep(number, out);
}
