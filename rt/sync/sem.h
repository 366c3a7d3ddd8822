/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A sem_t as sem_init(pshared = 0) lays it out. Named and process-shared semaphores keep glibc's layout, since other programs share
 * them; they differ in the word at offset 8, which is a flag (0 or 128) there and a magic number here.
 */
#ifndef CAPR_SYNC_SEM_H
#define CAPR_SYNC_SEM_H

#include <semaphore.h>

#include "../sched/sched.h"

#define CAPR_SEM_MAGIC 0x6d657343u     /* "Csem" */
#define CAPR_SEM_DESTROYED 0x6d65732du /* "-sem" */

struct capr_sem {
    uint32_t value;            /* 0 to SEM_VALUE_MAX; changed by single instructions, since handlers post */
    uint32_t pad;
    uint32_t magic;            /* CAPR_SEM_MAGIC from sem_init to sem_destroy, then CAPR_SEM_DESTROYED */
    uint32_t pad2;
    struct capr_queue waiters; /* FIFO; a waiter is granted its count (granted.h) */
};

static_assert(sizeof(struct capr_sem) <= sizeof(sem_t), "sem_t");

/* Gives what counts there are to waiters. Not for signal handlers. */
CAPR_HIDDEN void capr__sem_pass(struct capr_sem *s);

/* sem_shared.c: named and process-shared semaphores; EINVAL for ours that were destroyed. The same returns as the POSIX functions;
 * `deadline` 0: only try. */
CAPR_HIDDEN int capr__sem_shared_wait(sem_t *s, uint64_t deadline);
CAPR_HIDDEN int capr__sem_shared_post(sem_t *s);
CAPR_HIDDEN int capr__sem_shared_init(sem_t *s, unsigned value);
CAPR_HIDDEN int capr__sem_shared_destroy(sem_t *s);
CAPR_HIDDEN int capr__sem_shared_getvalue(sem_t *s, int *value);

#endif
