/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * How much of the memory that there is serves best. Plain code.
 */
#ifndef CAPR_KNEE_H
#define CAPR_KNEE_H

#include <stdint.h>

/* What is seen at one look. */
struct capr_knee_look {
    uint64_t now;  /* ns */
    double work;   /* useful work done so far, of any unit: only its rate counts */
    double used;   /* bytes */
    double limit;  /* bytes that there are */
    int scarce;    /* threads are held for want of memory, or would be */
    int stalled;   /* the kernel says that tasks stand still for lack of it */
};

/* Bytes that are to count as the limit until the next look, at most `limit`. Called about every 10 ms. */
CAPR_HIDDEN double capr__knee(const struct capr_knee_look *look);

/* Is that less than there is? */
CAPR_HIDDEN int capr__knee_lowered(void);

#endif
