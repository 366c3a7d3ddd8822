/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Finds the knee: the least memory in which a program that has too little of it does as much useful work as in any. What threads hold
 * only because others let them take it lies there, leaves the caches and keeps out what would be of use; so once memory is scarce half of it
 * is tried for a moment, and half of that, for as long as the work that ends is no less. Where half does not do (all is in use, as in a
 * cache that the program keeps), it soon shows, the trial ends at once, and the next one comes later each time. Half as much again is
 * tried in turn, for a load that has changed, and at once where work nearly ends. Where tasks stand still for lack of memory and less work
 * ends than is usual, the limit comes down without a trial. When nothing is scarce any more it grows until it says nothing. Plain code.
 */
#include "../layout.h"
#include "knee.h"

#define MS 1000000ull
#define SETTLE (100 * MS)      /* after a change, before what comes of it is measured */
#define SETTLE_MOST (500 * MS) /* for what is in use beyond the new limit to be given back: else it is not others that keep it */
#define WINDOW (200 * MS)      /* for which work is counted */
#define SOON (50 * MS)         /* after which a trial that halves the work is ended */
#define REST (1000 * MS)       /* between trials; twice as long after each that failed */
#define REST_MOST (64000 * MS)
#define DOWN 0.5
#define UP 1.5
#define SAME 0.92              /* of the best: less work is a loss */
#define BETTER 1.05            /* of the work as it was: what more memory has to bring */
#define LEAST (1.0 / 65536)    /* of what there is: below that nothing is tried */
#define GROWTH 0.2             /* a second, while nothing is scarce */
#define LOSS 0.8               /* of the usual work: what is less while tasks stand still is thrashing */
#define USUAL (1600 * MS)      /* over which that is averaged */

enum phase {
    CALM,      /* nothing is scarce */
    MEASURE,   /* how much work ends as it is */
    SETTLING,  /* a trial begins */
    TRIAL,
    RESTING,
};

/* How much work had been done at some time. */
struct mark {
    uint64_t at; /* ns */
    double work;
};

static struct {
    enum phase phase;
    double limit;      /* bytes; 0: as much as there is */
    double proven;     /* the last one that was no loss */
    double best;       /* work a second under it */
    int up;            /* what is tried next */
    struct mark since; /* the phase's beginning */
    struct mark checked; /* in it, the last time that work was compared */
    struct mark last;  /* the last look */
    uint64_t rest;     /* ns */
    double usual;      /* work a second */
} knee;

int capr__knee_lowered(void) { return knee.limit > 0; }

static double seconds_since(struct mark m, const struct capr_knee_look *look) { return (double)(look->now - m.at) / 1e9; }

/* Work a second. */
static double rate_since(struct mark m, const struct capr_knee_look *look) {
    return look->now > m.at ? (look->work - m.work) / seconds_since(m, look) : 0;
}

static void enter(enum phase phase, const struct capr_knee_look *look) {
    knee.phase = phase;
    knee.since = knee.checked = (struct mark){look->now, look->work};
}

static void try_next(const struct capr_knee_look *look) {
    double next = knee.proven * (knee.up ? UP : DOWN);
    if (next > look->limit) next = look->limit;
    if (next == knee.proven || next < LEAST * look->limit) {
        knee.up = !knee.up;
        enter(RESTING, look);
        return;
    }
    knee.limit = next;
    enter(SETTLING, look);
}

static void fail(const struct capr_knee_look *look) {
    knee.limit = knee.proven;
    knee.up = !knee.up;
    knee.rest = knee.rest * 2 > REST_MOST ? REST_MOST : knee.rest * 2;
    enter(RESTING, look);
}

static void succeed(const struct capr_knee_look *look, double rate) {
    knee.proven = knee.limit;
    /* A loss at each step that is small enough adds up otherwise. */
    if (knee.up || rate > knee.best) knee.best = rate;
    knee.rest = REST;
    try_next(look);
}

static void go_on(const struct capr_knee_look *look) {
    uint64_t lasted = look->now - knee.since.at;
    double rate = rate_since(knee.since, look);
    int collapsed = lasted >= SOON && rate < knee.best / 2;
    switch (knee.phase) {
    case CALM:
        knee.proven = knee.limit > 0 ? knee.limit : look->limit;
        knee.up = 0;
        knee.rest = REST;
        enter(MEASURE, look);
        break;
    case MEASURE:
        if (lasted < WINDOW) break;
        knee.best = rate;
        if (rate > 0)
            try_next(look);
        else
            enter(RESTING, look);
        break;
    case SETTLING:
        if (!knee.up && (collapsed || lasted >= SETTLE_MOST)) /* while more is filled less comes back */
            fail(look);
        else if (lasted >= SETTLE && (knee.up || look->used <= knee.limit))
            enter(TRIAL, look);
        break;
    case TRIAL:
        if (collapsed || (lasted >= WINDOW && rate < knee.best * (knee.up ? BETTER : SAME)))
            fail(look);
        else if (lasted >= WINDOW)
            succeed(look, rate);
        break;
    case RESTING:
        if (look->now - knee.checked.at >= WINDOW) {
            double lately = rate_since(knee.checked, look);
            knee.checked = (struct mark){look->now, look->work};
            if (lately < knee.best / 4 && knee.limit > 0) { /* what did does no longer */
                knee.best = lately;
                knee.up = 1;
                try_next(look);
                break;
            }
        }
        if (lasted >= knee.rest) enter(MEASURE, look);
        break;
    }
}

/* Less work than usual, and tasks that stand still. */
static int thrashes(const struct capr_knee_look *look) {
    double rate = knee.last.at ? rate_since(knee.last, look) : 0;
    int bad = look->stalled && knee.usual > 0 && rate < LOSS * knee.usual;
    if (!look->stalled && knee.last.at) {
        double weight = seconds_since(knee.last, look) / (USUAL / 1e9);
        knee.usual += (rate - knee.usual) * (weight < 1 ? weight : 1);
    }
    knee.last = (struct mark){look->now, look->work};
    return bad;
}

double capr__knee(const struct capr_knee_look *look) {
    struct mark before = knee.last;
    if (look->work < knee.last.work) { /* it is counted in another way now */
        knee.phase = CALM;
        knee.usual = 0;
        knee.last.work = look->work;
    }
    if (thrashes(look)) {
        knee.proven = knee.limit = (1 - (1 - LOSS) / 4) * look->used;
        enter(RESTING, look);
    } else if (look->scarce) {
        go_on(look);
    } else if (knee.limit > 0) {
        knee.phase = CALM;
        knee.limit *= 1 + GROWTH * seconds_since(before, look);
    }
    if (knee.limit >= look->limit) knee.limit = 0;
    return knee.limit > 0 ? knee.limit : look->limit;
}
