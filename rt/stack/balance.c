/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A thread takes chunks from the worker that it runs on and leaves them to the one that it has come to by then. Where it always goes the
 * same way, one worker would have ever more of them and the other would ask the kernel for ever more. So a worker that has too
 * many gives them away, as chains that cost the taker one look.
 */
#include "balance.h"

#include "../sched/monitor.h"

/* So much a worker keeps of each class at most. One that has more gives away all but half of that, so that what is given is worth the
 * look. */
#define KEPT 256
#define KEPT_BYTES (128u << 10)
#define KEPT_LEAST 4

/* The first of a chain leads to the next chain by saved_limit, and says in saved_big_sp how many chunks its own has. */
static struct capr_chunk *chains[CAPR_CLASSES];
static uint64_t chained; /* bytes of them */
static uint32_t lock;    /* of these */

/* Bytes that workers have had from the kernel or from each other. Only what has come to one can have been left at another, so there is no
 * need to look before that is worth it. A chain counts as so much. */
static uint64_t moved;
#define MOVED_LOOK (256u << 10)

void capr__chunks_moved(uint64_t bytes) {
    if (capr__many) __atomic_fetch_add(&moved, bytes, __ATOMIC_RELAXED);
}

static void balance(struct capr_worker *w, unsigned size_class) {
    uint32_t most = KEPT_BYTES / capr__chunk_class_bytes(size_class);
    most = most > KEPT ? KEPT : most < KEPT_LEAST ? KEPT_LEAST : most;
    struct capr_chunk *last = *capr__chunk_list(w, size_class), *half = NULL;
    for (uint32_t i = 1; i < most && last; i++, last = last->prev)
        if (i == most / 2) half = last;
    if (!last || !last->prev) return;
    struct capr_chunk *first = half->prev;
    uint64_t count = 0;
    half->prev = NULL;
    for (const struct capr_chunk *chunk = first; chunk; chunk = chunk->prev) count++;
    first->saved_big_sp = count;
    capr__spin_lock(&lock);
    CAPR_SHOW_MORE(chained, count * capr__chunk_class_bytes(size_class));
    first->saved_limit = (uint64_t)chains[size_class];
    chains[size_class] = first;
    capr__spin_unlock(&lock);
}

void capr__chunk_balance(struct capr_worker *w) {
    uint64_t now = __atomic_load_n(&moved, __ATOMIC_RELAXED);
    capr__chunks_settle(w);
    if (now - w->balanced < MOVED_LOOK) return;
    w->balanced = now;
    for (unsigned c = 0; c < CAPR_CLASSES; c++) balance(w, c);
}

struct capr_chunk *capr__chunks_of_others(unsigned size_class) {
    if (!__atomic_load_n(&chains[size_class], __ATOMIC_RELAXED)) return NULL;
    capr__spin_lock(&lock);
    struct capr_chunk *chain = chains[size_class];
    if (chain) {
        chains[size_class] = (struct capr_chunk *)chain->saved_limit;
        CAPR_SHOW_MORE(chained, -(chain->saved_big_sp * capr__chunk_class_bytes(size_class)));
        chain->saved_big_sp = CAPR_BIG_NOT_HELD;
    }
    capr__spin_unlock(&lock);
    if (chain) capr__chunks_moved(MOVED_LOOK);
    return chain;
}

uint64_t capr__chunks_chained(void) { return CAPR_SEE(chained); }

void capr__balance_hold(void) { capr__spin_lock(&lock); }
void capr__balance_release(void) { capr__spin_unlock(&lock); }
