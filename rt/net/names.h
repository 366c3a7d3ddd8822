/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A call of libc's resolver as a job for the pool.
 */
#ifndef CAPR_NET_NAMES_H
#define CAPR_NET_NAMES_H

#include <netdb.h>

#include "../pool/pool.h"

enum capr_name_call {
    CAPR_GETADDRINFO,
    CAPR_GETNAMEINFO,
    CAPR_GETHOSTBYNAME,
    CAPR_GETHOSTBYNAME2,
    CAPR_GETHOSTBYADDR,
    CAPR_GETHOSTBYNAME_R,
    CAPR_GETHOSTBYNAME2_R,
    CAPR_GETHOSTBYADDR_R,
};

struct capr_name_job {
    struct capr_job job;
    int call;         /* enum capr_name_call */
    int err, h_err;   /* errno and h_errno after it */
    long arg[8];
};

/* Makes the call. Plain code, on any kernel thread. */
CAPR_HIDDEN void capr__names_run(struct capr_job *job);

/* Takes over errno and h_errno. */
CAPR_HIDDEN void capr__names_errors(const struct capr_name_job *n);

/* Whether the calls may run on a kernel thread that is no worker: names.c says why not. */
CAPR_HIDDEN int capr__names_allowed(void);

#endif
