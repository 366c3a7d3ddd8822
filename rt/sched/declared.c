/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The calls of capriccio.h: resources that the program declares, which wait like a semaphore and count like a descriptor, progress,
 * sections. Runs on the threads' own stacks.
 */
#include <errno.h>

#include "../graph/workers.h"
#include "../stack/chunk.h"
#include "../sync/granted.h"
#include "../thread/cancel.h"
#include "../thread/extra.h"
#include "limits.h"
#include "sched.h"

struct capr_declared capr__declared[CAPR_NAMED];
static int count;
static uint64_t progress;

/* What the running worker has given out less what it has got back. */
static int64_t *used(int i) { return &capr__worker.use.named[i]; }

/* What threads hold. */
static int64_t taken_of(int i) { return capr__use_of_all(CAPR_USE_NAMED + i); }

/* A demand for more than there is gets all of it: nobody else has any meanwhile. */
static int fits(int i, uint64_t units) {
    uint64_t limit = (uint64_t)capr__limits[CAPR_LIMIT_NAMED + i].limit, taken = (uint64_t)taken_of(i);
    return !taken || (taken < limit && units <= limit - taken);
}

/* Gives to those that wait, in order, until one's demand does not fit. */
static void meet(int i) {
    for (struct capr_thread *t; (t = capr__declared[i].waiters.head);) {
        struct capr_demand *demand = t->wait_data;
        if (!fits(i, demand->units)) return;
        *used(i) += (int64_t)demand->units;
        capr__queue_remove(t);
        capr__grant(t, demand, CAPR_GRANTED_DEMAND);
    }
}

CAPR_HIDDEN void capr__demand_back(const struct capr_demand *d) {
    *used(d->of) -= (int64_t)d->units;
    meet(d->of);
}

CAPR_HIDDEN void capr__declared_left(void) {
    CAPR_MONITOR;
    for (int i = 0; i < count; i++) meet(i);
}

/* As far as it is kept. */
static int same(const char *a, const char *b) {
    for (unsigned i = 0; i + 1 < sizeof capr__declared->name; i++)
        if (a[i] != b[i] || !a[i]) return a[i] == b[i];
    return 1;
}

static int refuse(int error) {
    errno = error;
    return -1;
}

CAPR_EXPORT int capr_runtime_resource_create(const char *name, unsigned long limit) {
    CAPR_MONITOR;
    if (!name || !*name || !limit) return refuse(EINVAL);
    if (!capr__worker.self) return -1;
    for (int i = 0; i < CAPR_LIMIT_NAMED + count; i++)
        if (same(capr__limits[i].name, name)) return refuse(EEXIST);
    if (count == CAPR_NAMED) return refuse(ENOSPC);
    for (unsigned i = 0; i + 1 < sizeof capr__declared->name && name[i]; i++) capr__declared[count].name[i] = name[i];
    capr__limits[CAPR_LIMIT_NAMED + count] = (struct capr_limit){
        capr__declared[count].name, .limit = (double)(limit < INT64_MAX / 2 ? limit : INT64_MAX / 2), .use = CAPR_USE_NAMED + count, .least = 0.05, .high = 0.90, .low = 0.75, .counted = 1};
    return count++;
}

/* While a handler of its own runs, those behind it may go ahead; then it is the first. */
static void wait_for(int i, struct capr_thread *self, uint64_t units) {
    struct capr_demand demand = {units, i};
    for (int again = 0;; again = 1) {
        if (again && fits(i, units)) {
            *used(i) += (int64_t)units;
            self->wait_data = NULL;
            return;
        }
        self->wait_data = &demand;
        if (again)
            capr__queue_push_front(&capr__declared[i].waiters, self);
        else
            capr__queue_push(&capr__declared[i].waiters, self);
        capr__park_lock(CAPR_FOREVER);
        if (capr__granted(self)) return;
        if (capr__cancel_async_due(self)) capr__cancel_self();
    }
}

CAPR_EXPORT void capr_runtime_resource_acquire(int i, unsigned long units) {
    CAPR_MONITOR;
    if (i < 0 || i >= count || !capr__worker.self) return;
    if (units > INT64_MAX / 2) units = INT64_MAX / 2;
    if (!capr__may_switch() || (!capr__declared[i].waiters.head && fits(i, units)))
        *used(i) += (int64_t)units;
    else
        wait_for(i, capr__worker.self, units);
}

CAPR_EXPORT void capr_runtime_resource_release(int i, unsigned long units) {
    CAPR_MONITOR;
    if (i < 0 || i >= count || !capr__worker.self) return;
    int64_t taken = taken_of(i);
    *used(i) -= (uint64_t)taken < units ? taken : (int64_t)units;
    meet(i);
}

CAPR_EXPORT void capr_runtime_progress(unsigned long units) { progress += units; }

CAPR_HIDDEN uint64_t capr__progress(void) { return progress; }

CAPR_EXPORT void capr_runtime_yield(void) {
    CAPR_MONITOR;
    if (capr__may_switch()) capr__yield();
}

CAPR_EXPORT void capr_runtime_section(int change) {
    CAPR_MONITOR;
    struct capr_thread *self = capr__self();
    struct capr_extra *extra = self ? capr__extra(self) : NULL;
    if (extra && (change > 0 || extra->sections)) extra->sections += (uint32_t)change;
}

CAPR_EXPORT int capr_runtime_stats(struct capr_stats *out) {
    CAPR_MONITOR;
    struct capr_worker *w = &capr__worker;
    if (!w->self) return -1;
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
    for (int i = 0; i < CAPR_LIMITS; i++) all.scarce |= (unsigned long)capr__limits[i].scarce << i;
    __builtin_memcpy(out, &all, all.size);
    return 0;
}
