/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The calls of capriccio.h: resources that the program declares, which wait like a semaphore and count like a descriptor, progress,
 * sections. Runs on the threads' own stacks.
 */
#include <errno.h>

#include "../graph/workers.h"
#include "../stack/chunk.h"
#include "../thread/extra.h"
#include "limits.h"
#include "sched.h"

/* A thread that waits, on its stack. */
struct demand {
    struct capr_queue queue; /* itself */
    struct demand *next;
    struct capr_thread *thread;
    uint64_t units;
    int met;
};
static struct {
    struct demand *first, *last; /* in order of arrival */
    char name[32];
} declared[CAPR_NAMED];
static int count;
static uint64_t progress;

/* What the running worker has given out less what it has got back. */
static int64_t *used(int i) { return &capr__worker.use.named[i]; }

/* What threads hold. */
static int64_t taken_of(int i) { return capr__use_of_all(CAPR_USE_NAMED + i); }

/* A demand for more than there is gets all of it: nobody else has any meanwhile. */
static int fits(int i, uint64_t units)
{
    uint64_t limit = (uint64_t)capr__limits[CAPR_LIMIT_NAMED + i].limit, taken = (uint64_t)taken_of(i);
    return !taken || (taken < limit && units <= limit - taken);
}

/* Gives to those that wait, in order, until one's demand does not fit. */
static void meet(int i)
{
    for (struct demand *d; (d = declared[i].first) && fits(i, d->units);) {
        declared[i].first = d->next;
        *used(i) += (int64_t)d->units;
        d->met = 1;
        capr__wake_one(&d->queue);
    }
}

CAPR_EXPORT int capr_runtime_resource_create(const char *name, unsigned long limit)
{
    CAPR_MONITOR;
    if (!name || !limit) {
        errno = EINVAL;
        return -1;
    }
    if (count == CAPR_NAMED || !capr__worker.self)
        return -1;
    for (unsigned i = 0; i + 1 < sizeof declared[count].name && name[i]; i++)
        declared[count].name[i] = name[i];
    capr__limits[CAPR_LIMIT_NAMED + count] = (struct capr_limit){
        declared[count].name, .limit = (double)limit, .use = CAPR_USE_NAMED + count, .least = 0.05, .high = 0.90, .low = 0.75, .counted = 1};
    return count++;
}

CAPR_EXPORT void capr_runtime_resource_acquire(int i, unsigned long units)
{
    CAPR_MONITOR;
    if (i < 0 || i >= count || !capr__worker.self)
        return;
    if (units > INT64_MAX / 2)
        units = INT64_MAX / 2;
    if (!capr__may_switch() || (!declared[i].first && fits(i, units))) {
        *used(i) += (int64_t)units;
        return;
    }
    struct demand d = {.units = units, .thread = capr__worker.self};
    if (declared[i].first)
        declared[i].last->next = &d;
    else
        declared[i].first = &d;
    declared[i].last = &d;
    while (!d.met)
        capr__wait(&d.queue, CAPR_FOREVER);
}

CAPR_EXPORT void capr_runtime_resource_release(int i, unsigned long units)
{
    CAPR_MONITOR;
    if (i < 0 || i >= count || !capr__worker.self)
        return;
    int64_t taken = taken_of(i);
    *used(i) -= (uint64_t)taken < units ? taken : (int64_t)units;
    meet(i);
}

/* The demands of threads that a fork left behind are on stacks that nobody goes on with. That of `self` stands: a signal
 * handler that came on its way into the wait may have forked. What the others hold stays taken, as with a semaphore. */
CAPR_HIDDEN void capr__declared_forked(const struct capr_thread *self)
{
    for (int i = 0; i < count; i++) {
        struct demand *d = declared[i].first;
        while (d && d->thread != self)
            d = d->next;
        if (d)
            d->next = NULL;
        declared[i].first = declared[i].last = d;
        meet(i);
    }
}

CAPR_EXPORT void capr_runtime_progress(unsigned long units) { progress += units; }

CAPR_HIDDEN uint64_t capr__progress(void) { return progress; }

CAPR_EXPORT void capr_runtime_yield(void)
{
    CAPR_MONITOR;
    if (capr__may_switch())
        capr__yield();
}

CAPR_EXPORT void capr_runtime_section(int change)
{
    CAPR_MONITOR;
    struct capr_thread *self = capr__self();
    struct capr_extra *extra = self ? capr__extra(self) : NULL;
    if (extra && (change > 0 || extra->sections))
        extra->sections += (uint32_t)change;
}

CAPR_EXPORT int capr_runtime_stats(struct capr_stats *out)
{
    CAPR_MONITOR;
    struct capr_worker *w = &capr__worker;
    if (!w->self)
        return -1;
    struct capr_counts counts;
    capr__count_all(&counts);
    struct capr_stats all = {
        .size = out->size < sizeof all ? out->size : sizeof all,
        .threads = counts.threads,
        .threads_created = counts.threads_created,
        .switches = counts.switches,
        .blocks = counts.blocks,
        .stack_bytes = capr__chunk_bytes_in_use(w),
        .nodes = capr__node_count(),
        .progress = progress,
    };
    for (int i = 0; i < CAPR_LIMITS; i++)
        all.scarce |= (unsigned long)capr__limits[i].scarce << i;
    __builtin_memcpy(out, &all, all.size);
    return 0;
}
