/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The calls of capriccio.h: resources that the program declares, which wait like a semaphore and count like a descriptor, progress,
 * sections. Runs on the threads' own stacks.
 */
#include "../graph/graph.h"
#include "../stack/chunk.h"
#include "../thread/extra.h"
#include "limits.h"
#include "sched.h"

static struct {
    struct capr_queue waiters; /* first come, first served */
    char name[32];
} declared[CAPR_NAMED];
static int count;
static uint64_t progress;

static int64_t *used(int i) { return &capr__worker.use.named[i]; }

static int fits(int i, uint64_t units) { return !*used(i) || (uint64_t)*used(i) + units <= (uint64_t)capr__limits[CAPR_LIMIT_NAMED + i].limit; }

CAPR_EXPORT int capr_runtime_resource_create(const char *name, unsigned long limit)
{
    if (count == CAPR_NAMED || !limit || !capr__worker.self)
        return -1;
    for (unsigned i = 0; i + 1 < sizeof declared[count].name && name[i]; i++)
        declared[count].name[i] = name[i];
    capr__limits[CAPR_LIMIT_NAMED + count] = (struct capr_limit){
        declared[count].name, .limit = (double)limit, .use = CAPR_USE_NAMED + count, .least = 0.05, .high = 0.90, .low = 0.75, .counted = 1};
    return count++;
}

CAPR_EXPORT void capr_runtime_resource_acquire(int i, unsigned long units)
{
    if (i < 0 || i >= count || !capr__worker.self)
        return;
    int waited = 0;
    while (capr__may_switch() && (!fits(i, units) || (declared[i].waiters.head && !waited))) {
        capr__wait(&declared[i].waiters, CAPR_FOREVER);
        waited = 1;
    }
    *used(i) += (int64_t)units;
    if (declared[i].waiters.head && fits(i, 1))
        capr__wake_one(&declared[i].waiters);
}

CAPR_EXPORT void capr_runtime_resource_release(int i, unsigned long units)
{
    if (i < 0 || i >= count || !capr__worker.self)
        return;
    *used(i) -= *used(i) < (int64_t)units ? *used(i) : (int64_t)units;
    capr__wake_one(&declared[i].waiters);
}

CAPR_EXPORT void capr_runtime_progress(unsigned long units) { progress += units; }

CAPR_HIDDEN uint64_t capr__progress(void) { return progress; }

CAPR_EXPORT void capr_runtime_yield(void)
{
    if (capr__may_switch())
        capr__yield();
}

CAPR_EXPORT void capr_runtime_section(int change)
{
    struct capr_thread *self = capr__self();
    struct capr_extra *extra = self ? capr__extra(self) : NULL;
    if (extra && (change > 0 || extra->sections))
        extra->sections += (uint32_t)change;
}

CAPR_EXPORT int capr_runtime_stats(struct capr_stats *out)
{
    struct capr_worker *w = &capr__worker;
    if (!w->self)
        return -1;
    struct capr_stats all = {
        .size = out->size < sizeof all ? out->size : sizeof all,
        .threads = w->live_threads,
        .threads_created = w->count.threads_created,
        .switches = w->count.switches,
        .blocks = w->count.blocks,
        .stack_bytes = capr__chunk_bytes_in_use(w),
        .nodes = capr__graph.node_count,
        .progress = progress,
    };
    for (int i = 0; i < CAPR_LIMITS; i++)
        all.scarce |= (unsigned long)capr__limits[i].scarce << i;
    __builtin_memcpy(out, &all, all.size);
    return 0;
}
