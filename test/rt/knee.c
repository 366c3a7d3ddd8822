/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The search for the least memory that serves best, on a clock of its own: it finds the knee of a made-up program, leaves a program alone
 * that needs all that it has, follows a load that changes, and lets go once nothing is scarce.
 */
#include "check.h"
#include "layout.h"
#include "sched/knee.h"

#define MIB 1048576.0
#define TICK 10000000ull

/* A program: so much work a second as it may have memory. */
struct program {
    double least, most; /* bytes: below `least` it does nothing, up to `most` more and more */
    double slow;        /* part of its rate that it loses with each doubling behind `most` */
};

static struct capr_knee_look look = {.now = 1000000000, .limit = 512 * MIB};

static double rate_of(const struct program *p, double limit) {
    if (limit < p->least) return 0;
    if (limit < p->most) return 1000 * (limit - p->least) / (p->most - p->least);
    double rate = 1000;
    for (double x = p->most * 2; x <= limit; x *= 2) rate *= 1 - p->slow;
    return rate;
}

/* Runs it for so many seconds; returns the limit at the end, and the mean rate in *mean. */
static double run(const struct program *p, double seconds, double *mean) {
    double limit = look.limit, before = look.work;
    for (uint64_t end = look.now + (uint64_t)(seconds * 1e9); look.now < end; look.now += TICK) {
        look.work += rate_of(p, limit) * TICK / 1e9;
        limit = capr__knee(&look);
        look.used = 0.97 * limit > p->least ? 0.97 * limit : p->least; /* what it cannot do without it has */
        CHECK(limit <= look.limit);
    }
    *mean = (look.work - before) / seconds;
    return limit;
}

int main(void) {
    double mean, limit;

    /* Nothing is scarce: nothing is tried. */
    CHECK_EQUAL(run(&(struct program){MIB, 4 * MIB, 0.1}, 5, &mean) == look.limit, 1);
    CHECK(!capr__knee_lowered());

    /* The less the better, down to 4 MiB. */
    look.scarce = 1;
    limit = run(&(struct program){MIB, 4 * MIB, 0.1}, 10, &mean);
    CHECK(limit >= 3.5 * MIB && limit <= 8 * MIB);
    limit = run(&(struct program){MIB, 4 * MIB, 0.1}, 60, &mean);
    CHECK(limit >= 3.5 * MIB && limit <= 8 * MIB);
    CHECK(mean > 900);

    /* It needs more all at once: within some seconds it has it. */
    run(&(struct program){50 * MIB, 60 * MIB, 0.1}, 10, &mean);
    limit = run(&(struct program){50 * MIB, 60 * MIB, 0.1}, 60, &mean);
    CHECK(limit >= 58 * MIB && limit <= 200 * MIB);
    CHECK(mean > 800);

    /* Nothing is scarce any more. */
    look.scarce = 0;
    CHECK_EQUAL(run(&(struct program){MIB, 4 * MIB, 0.1}, 30, &mean) == look.limit, 1);
    CHECK(!capr__knee_lowered());

    /* All that it has is in use: trials cost next to nothing. */
    look.scarce = 1;
    struct program cache = {400 * MIB, 500 * MIB, 0};
    limit = run(&cache, 120, &mean);
    CHECK(limit >= 480 * MIB);
    CHECK(mean > 990);

    /* Tasks stand still, and less work ends than is usual. */
    look.stalled = 1;
    limit = run(&(struct program){400 * MIB, 2000 * MIB, 0}, 0.5, &mean);
    CHECK(limit < 480 * MIB);
    CHECK(capr__knee_lowered());
    return 0;
}
