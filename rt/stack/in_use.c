/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * How much stack is in use: what has been asked of the kernel but for what lies free. Chunks are taken and given back without counting
 * them, so that a worker's own lists have to be walked, each chunk a miss of the cache: for the scheduler, which asks at each of its ticks,
 * not more often than that costs a hundredth of the time, however many threads there once were.
 */
#include "../sched/sched.h"
#include "../sched/workers.h"
#include "balance.h"
#include "chunk.h"

/* A walk is to pay for so many times what it took. */
#define SHARE 100

/* Bytes of what lies in the lists of `w`. */
static uint64_t bytes_free(struct capr_worker *w) {
    uint64_t bytes = 0;
    for (unsigned i = 0; i < CAPR_CLASSES; i++)
        for (const struct capr_chunk *chunk = *capr__chunk_list(w, i); chunk; chunk = chunk->prev) bytes += chunk->size;
    return bytes;
}

/* What lies in other workers' lists only they may look at: it counts as used. */
static uint64_t in_use_but(uint64_t free) {
    uint64_t all = 0;
    free += capr__chunks_kept() + capr__chunks_chained(); /* which change meanwhile */
    for (uint32_t i = 0; i < capr__worker_count; i++) all += CAPR_SEE(capr__workers[i]->chunk_bytes);
    return all > free ? all - free : 0;
}

uint64_t capr__chunk_bytes_in_use(struct capr_worker *w) {
    return in_use_but(bytes_free(w));
}

uint64_t capr__chunk_bytes_about(struct capr_worker *w, uint64_t now) {
    static struct {
        uint64_t at, free;
    } last[CAPR_WORKERS_MOST];
    uint32_t i = w->number;
    if (now >= last[i].at) {
        uint64_t begun = capr__now();
        last[i].free = bytes_free(w);
        last[i].at = now + SHARE * (capr__now() - begun);
    }
    return in_use_but(last[i].free);
}
