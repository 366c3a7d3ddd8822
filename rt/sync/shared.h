/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Process-shared reader-writer locks and barriers: glibc's (libcs.h). The same returns as the POSIX functions.
 */
#ifndef CAPR_SYNC_SHARED_H
#define CAPR_SYNC_SHARED_H

#include <pthread.h>
#include <stdint.h>

#include "../layout.h"

/* Where a private rwlock has its writer, for deadlock.c: bytes. */
#define CAPR_RWLOCK_WRITER 24

/* `deadline` in ns of CLOCK_MONOTONIC, CAPR_FOREVER, or 0: only try, ETIMEDOUT for EBUSY. Block. */
CAPR_HIDDEN int capr__shared_read(pthread_rwlock_t *l, uint64_t deadline);
CAPR_HIDDEN int capr__shared_write(pthread_rwlock_t *l, uint64_t deadline);
/* EINVAL when nobody holds it, EPERM when another thread of ours does for writing. */
CAPR_HIDDEN int capr__shared_rwunlock(pthread_rwlock_t *l);
CAPR_HIDDEN int capr__shared_rwinit(pthread_rwlock_t *l, const pthread_rwlockattr_t *attr);
CAPR_HIDDEN int capr__shared_rwdestroy(pthread_rwlock_t *l);

CAPR_HIDDEN int capr__shared_barrier_wait(pthread_barrier_t *b);
CAPR_HIDDEN int capr__shared_barrier_destroy(pthread_barrier_t *b);

#endif
