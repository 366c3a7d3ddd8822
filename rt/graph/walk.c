/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The calls behind a context word, found once for each word, when it is met for the first time: by the unwinder, over chunks and
 * borrowed stacks. libc loads it with the first call, which allocates; afterwards it neither allocates nor locks. A stack may be as deep as
 * memory goes, and its outermost calls say more than any: where the frames are more than a chain keeps, recursion is taken out, and if that
 * is not enough what lies in the middle. Plain code.
 */
#include <execinfo.h>
#include <string.h>

#include "graph.h"
#include "tables.h"

#define DEEP_MAX 32768         /* frames that are looked at; those of deep recursion by the thousand */
#define DEEP_TOTAL (4u << 20)  /* by all walks together: recursion through pointers has a word for each depth. A second or so */

static void **deep;         /* DEEP_MAX addresses; NULL: no memory */
static uint32_t *functions; /* the same of functions */

void capr__walk_prepare(void) {
    void *here[1];
    backtrace(here, 1);
    deep = capr__graph_reserve(DEEP_MAX * (sizeof *deep + sizeof *functions));
    functions = deep ? (uint32_t *)(deep + DEEP_MAX) : NULL;
}

/* Of a stack with more frames than `most`: the table's functions alone, without what recursion repeats. A null address stands for what is
 * left out beyond that. */
static uint32_t walk_deep(void **frames, uint32_t most) {
    static uint32_t total;
    uint32_t room = DEEP_TOTAL - total < DEEP_MAX ? DEEP_TOTAL - total : DEEP_MAX, count = 0;
    int all = room && deep && !capr__tables_index() ? backtrace(deep, (int)room) : 0;
    if (all <= 0) return 0;
    total += (uint32_t)all;
    for (int i = 0; i < all; i++)
        if (capr__table_find(deep[i], &functions[count]) == CAPR_PLACE_LISTED) deep[count++] = deep[i];
    count = capr__table_collapse(functions, deep, count);
    int complete = (uint32_t)all < room;
    if (complete && count <= most) {
        memcpy(frames, deep, count * sizeof *frames);
        return count;
    }
    /* Half of each end; of what has no end that could be found, the inner one. */
    uint32_t inner = count < most - 1 ? count : most - 1, outer = 0;
    if (complete) {
        inner = most / 2;
        outer = most - 1 - inner;
    }
    memcpy(frames, deep, inner * sizeof *frames);
    frames[inner] = NULL;
    memcpy(frames + inner + 1, deep + count - outer, outer * sizeof *frames);
    return inner + 1 + outer;
}

uint32_t capr__walk(void **frames, uint32_t most) {
    if (most < 2) return 0;
    int count = backtrace(frames, (int)most);
    if (count < (int)most) return count > 0 ? (uint32_t)count : 0;
    uint32_t kept = walk_deep(frames, most);
    if (kept) return kept;
    frames[most - 1] = NULL;
    return most;
}
