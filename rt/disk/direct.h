/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * One O_DIRECT request, on the stack of the thread that waits for it.
 */
#ifndef CAPR_DIRECT_H
#define CAPR_DIRECT_H

#include <linux/aio_abi.h>

#include "disk.h"

struct capr_direct {
    struct iocb iocb;            /* what the kernel reads */
    struct capr_direct *next;    /* not handed over yet */
    struct capr_thread *thread;  /* who waits */
    long result;                 /* bytes or -errno */
    uint64_t since;              /* ns: when it was asked for */
    uint8_t done, waiting;       /* the result is there; the thread is parked for it */
};

/* aio.c (plain): puts the request on the list. Returns 0, or -errno where the kernel has no such requests for us. */
CAPR_HIDDEN int capr__direct_queue(struct capr_direct *request);

/* The thread leaves its wait for the request by a jump: it has ended when this returns. Stops the worker until then. (struct capr_leaving.) */
CAPR_HIDDEN void capr__direct_left(void *request);

#endif
