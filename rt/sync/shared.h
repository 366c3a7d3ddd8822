/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Reader-writer locks and barriers in memory that other processes share: one word each, changed by compare-and-swap.
 */
#ifndef CAPR_SYNC_SHARED_H
#define CAPR_SYNC_SHARED_H

#include <stdint.h>

#include "../layout.h"

/* The word of a reader-writer lock: readers, or CAPR_SHARED_WRITER. `deadline` 0: only try. 0, EAGAIN or ETIMEDOUT. Block. */
#define CAPR_SHARED_WRITER UINT32_MAX
CAPR_HIDDEN int capr__shared_read(uint32_t *word, uint64_t deadline);
CAPR_HIDDEN int capr__shared_write(uint32_t *word, uint64_t deadline);
/* 0, or EINVAL when nobody holds it. */
CAPR_HIDDEN int capr__shared_rwunlock(uint32_t *word);

/* The words of a barrier: threads that arrived in this round, rounds so far. 0 or PTHREAD_BARRIER_SERIAL_THREAD. Blocks. */
CAPR_HIDDEN int capr__shared_barrier(uint32_t *arrived, uint32_t *rounds, uint32_t count);

#endif
