/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * What the scheduler takes for scarce: a delay, or a use, that passes its limit, until it is well below it again.
 */
#include <errno.h>

#include "check.h"
#include "graph/graph.h"
#include "sched/limits.h"
#include "include/capriccio.h"

#define MS 1000000ull

static uint64_t now = 1000 * MS;

static int scarce(int limit) {
    now += 10 * MS;
    int any = capr__limits_look(&capr__worker, now);
    CHECK(any || !capr__limits[limit].scarce);
    return capr__limits[limit].scarce;
}

static int disk(unsigned requests, unsigned ms) {
    capr__process.disk_requests = requests;
    capr__process.disk_ns = requests * ms * MS;
    return scarce(CAPR_LIMIT_DISK);
}

static int cpu(unsigned ms) {
    capr__graph.ns_per_cycle = 1;
    capr__worker.graph->delays += 2;
    capr__worker.graph->delay_cycles += 2.0 * ms * MS;
    return scarce(CAPR_LIMIT_CPU);
}

int main(void) {
    CHECK(!disk(10, 99));
    CHECK(disk(1, 101));
    CHECK(disk(100, 60)); /* not below half of it yet */
    CHECK(!disk(3, 40));
    CHECK(disk(7, 500));
    CHECK(disk(0, 0)); /* nobody asked: 250 ms, 125, 63, 31 */
    CHECK(disk(0, 0));
    CHECK(disk(0, 0));
    CHECK(!disk(0, 0));

    CHECK(!cpu(90));
    CHECK(cpu(110));
    CHECK(cpu(60));
    CHECK(!cpu(40));

    CHECK(capr_resource_create(NULL, 5) == -1 && errno == EINVAL);
    errno = 0;
    CHECK(capr_resource_create("none", 0) == -1 && errno == EINVAL);
    int lamps = capr_resource_create("lamps", 100);
    CHECK_EQUAL(lamps, 0);
    capr_resource_acquire(lamps, 90);
    CHECK(!scarce(CAPR_LIMIT_NAMED));
    capr_resource_acquire(lamps, 1);
    CHECK(scarce(CAPR_LIMIT_NAMED));
    struct capr_stats stats = {.size = sizeof stats};
    CHECK_EQUAL(capr_runtime_stats(&stats), 0);
    CHECK_EQUAL(stats.scarce, 1ul << CAPR_LIMIT_NAMED);
    capr_resource_release(lamps, 16);
    CHECK(scarce(CAPR_LIMIT_NAMED)); /* 75 are left */
    capr_resource_release(lamps, 1);
    CHECK(!scarce(CAPR_LIMIT_NAMED));
    return 0;
}
