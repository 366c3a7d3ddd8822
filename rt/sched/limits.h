/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * How much of each resource is used, and how much there is. Plain code.
 */
#ifndef CAPR_LIMITS_H
#define CAPR_LIMITS_H

#include "sched.h"

struct capr_limit {
    const char *name;
    double grew;        /* since the look before */
    double used, limit; /* in the resource's own unit; limit 0: none is known, and it is never scarce */
    double most;        /* what there is; `limit` is less where less serves better */
    int use;            /* CAPR_USE_*: what takes it */
    double least;       /* a way that takes, or gives, less than this on average does not count */
    double high, low;   /* scarce from this part of the limit on, until it has been below that one */
    uint64_t calm;      /* for so long: ns */
    uint64_t ample_since;
    uint8_t scarce;
    uint8_t counted;    /* what a way takes is in the unit of `used`: there is a budget */
    uint8_t to_the_end; /* may be used up: whoever wants more is told so, and nothing ends him */
};

enum { CAPR_LIMIT_MEMORY, CAPR_LIMIT_STACK, CAPR_LIMIT_FILES, CAPR_LIMIT_CPU, CAPR_LIMIT_DISK, CAPR_LIMIT_NAMED, CAPR_LIMITS = CAPR_LIMIT_NAMED + CAPR_NAMED };
extern CAPR_HIDDEN struct capr_limit capr__limits[CAPR_LIMITS];

/* What the program declared: sched/declared.c. A thread leaves the queue where a signal handler takes it out of its wait, for good or not, so
 * that nothing stays behind on a stack that it left by a jump. */
struct capr_declared {
    struct capr_queue waiters; /* in order of arrival */
    char name[32];
};
extern CAPR_HIDDEN struct capr_declared capr__declared[CAPR_NAMED];

/* What a thread waits for there, on its stack: its wait_data. */
struct capr_demand {
    uint64_t units;
    int of;
};

/* A thread may have left the queue of those that wait for what the program declares, by a jump, or all others by a fork:
 * gives those behind theirs. What a thread holds that a fork left behind stays taken, as with a semaphore. */
CAPR_HIDDEN void capr__declared_left(void);

/* The same: what the program has said by capr_progress. */
CAPR_HIDDEN uint64_t capr__progress(void);

/* Whether it has been measured at all: of the policies `resource` alone does. */
CAPR_HIDDEN int capr__limits_known(void);

/* Looks are to be 1 ms apart: nothing is scarce, but will be before the next one where these are 10 ms apart; or those that would give back have
 * no room, and go a few at each look. */
extern CAPR_HIDDEN int capr__limits_near;

/* Measures. Returns whether any resource is scarce. Takes a few microseconds, of the kernel's mostly. */
CAPR_HIDDEN int capr__limits_look(struct capr_worker *w, uint64_t now);

#endif
