/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Chunks that go from one worker to another. Plain code.
 */
#ifndef CAPR_BALANCE_H
#define CAPR_BALANCE_H

#include "chunk.h"

/* With several workers, before each look for work: gives others what this one has too many of. On the idle thread. */
CAPR_HIDDEN void capr__chunk_balance(struct capr_worker *w);

/* A chain of free chunks of a class that others gave away, or NULL. */
CAPR_HIDDEN struct capr_chunk *capr__chunks_of_others(unsigned size_class);

/* Bytes of all such chains. */
CAPR_HIDDEN uint64_t capr__chunks_chained(void);

/* A worker had this much from the kernel. */
CAPR_HIDDEN void capr__chunks_moved(uint64_t bytes);

/* In fork, before and after: nobody is in the middle of a change. */
CAPR_HIDDEN void capr__balance_hold(void);
CAPR_HIDDEN void capr__balance_release(void);

#endif
