/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Makes, pools and hands over big stacks. The record of a big stack lies at its own top, so that a pool needs no other memory.
 * Runs on the service stack in the middle of a switch: no call here may be interposed.
 */
#include "bigstack.h"

#include <sys/mman.h>

#include "../proc/env.h"
#include "../proc/message.h"

/* Below each big stack: as much as the largest single step that external code takes without a stack probe. */
#define GUARD_BYTES 65536

/* Big stacks that nobody holds are kept up to this many, each with the pages that it has touched. */
#define POOL_MAX 64

void capr__bigstack_adopt(struct capr_bigstack *big, uint64_t base, uint64_t top, uint64_t room) {
    big->top = top & ~15ull;
    big->base = base;
    big->limit = capr__env.stack_mode == CAPR_STACK_ALWAYS ? UINT64_MAX : base + room;
    big->next = NULL;
}

/* NULL: no memory. */
static struct capr_bigstack *make(void) {
    uint64_t bytes = capr__env.big_stack + GUARD_BYTES;
    void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
    if (p == MAP_FAILED) return NULL;
    if (mprotect(p, GUARD_BYTES, PROT_NONE)) {
        munmap(p, bytes);
        return NULL;
    }
    /* A huge page would make each big stack that a thread keeps cost 2 MiB. */
    madvise(p, bytes, MADV_NOHUGEPAGE);
    struct capr_bigstack *big = (struct capr_bigstack *)((uint64_t)p + bytes - 64);
    capr__bigstack_adopt(big, (uint64_t)p + GUARD_BYTES, (uint64_t)big, CAPR_BIG_ROOM);
    return big;
}

void capr__bigstack_spare(struct capr_worker *w) {
    struct capr_bigstack *big = w->big_pool ? NULL : make();
    if (big) capr__bigstack_put(w, big);
}

struct capr_bigstack *capr__bigstack_take(struct capr_worker *w) {
    struct capr_bigstack *big = w->big_pool;
    if (big) {
        w->big_pool = big->next;
        w->big_pooled--;
        return big;
    }
    big = make();
    if (!big)
        capr__fatal_thread("out of memory for a big stack of %llu bytes; many threads block inside libraries: "
                           "lower CAPRICCIO_BIG_STACK, or raise vm.max_map_count or the memory limit", (unsigned long long)(capr__env.big_stack + GUARD_BYTES));
    return big;
}

void capr__bigstack_put(struct capr_worker *w, struct capr_bigstack *big) {
    struct capr_bigstack **list = &w->big_pool;
    if (w->big_pooled < POOL_MAX)
        w->big_pooled++;
    else
        list = &w->big_to_unmap;
    big->next = *list;
    *list = big;
}

static void unmap(struct capr_worker *w) {
    while (w->big_to_unmap) {
        struct capr_bigstack *big = w->big_to_unmap;
        w->big_to_unmap = big->next;
        munmap((void *)(big->base - GUARD_BYTES), capr__env.big_stack + GUARD_BYTES);
    }
}

void capr__bigstack_use(struct capr_worker *w, struct capr_bigstack *big) {
    w->big = big;
    w->big_top = w->big_sp = big->top;
    w->big_limit = big->limit;
}

void capr__bigstack_handover(struct capr_thread *from, struct capr_thread *to) {
    struct capr_worker *w = &capr__worker;
    if (w->big_to_unmap) unmap(w);
    if (w->big_sp != w->big_top) {
        from->big = w->big;
        from->big_sp = w->big_sp;
        CAPR_SHOW_MORE(w->count.big_kept, from->start != NULL); /* main and the idle thread have big stacks of their own */
        if (!to->big) capr__bigstack_use(w, capr__bigstack_take(w));
    } else if (to->big) {
        capr__bigstack_put(w, w->big);
    }
    if (to->big) {
        capr__bigstack_use(w, to->big);
        w->big_sp = to->big_sp;
        to->big = NULL;
    }
}
