/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Calls of libc's own functions as jobs for the pool: of those that read files and ask servers inside of libc, where nothing can
 * give way. The program's name for such a function is ours (hosts.c, users.c, paths.c); libc's is found by dlsym.
 */
#ifndef CAPR_LIBC_CALL_H
#define CAPR_LIBC_CALL_H

#include "../pool/pool.h"

struct capr_libc_job {
    struct capr_job job;
    const char *name;  /* of libc's function */
    void **function;   /* where its address is kept, NULL before the first call */
    int err, h_err;    /* errno and h_errno after it */
    long arg[8];
};

/* Makes the call, waits for it, and takes over errno and h_errno. Returns what the function did, of which the caller keeps as
 * much as its type has. Blocks; neither a signal handler nor cancellation ends the wait. */
CAPR_HIDDEN long capr__libc_call(struct capr_libc_job *call);

/* Makes it on the worker, which may wait: for functions that call the program. */
CAPR_HIDDEN long capr__libc_call_in_place(struct capr_libc_job *call);

/* capr__libc_call by name, with up to eight arguments that are integers or pointers. */
#define CAPR_LIBC_CALL(...) CAPR_LIBC_CALL_OF(__VA_ARGS__)
#define CAPR_LIBC_CALL_OF(called, ...)                                                                                              \
    ({                                                                                                                              \
        static void *function_;                                                                                                     \
        struct capr_libc_job call_ = {.name = called, .function = &function_, .arg = {__VA_ARGS__}};                                \
        capr__libc_call(&call_);                                                                                                    \
    })

/* libcs_own.c (plain) ------------------------------------------------------------------------------------------------------ */

/* Finds the function, on the worker, since dlsym locks, and notes errno and h_errno. Returns whether it may run on a kernel thread that is no worker. */
CAPR_HIDDEN int capr__libc_find(struct capr_libc_job *call);

/* The job: makes the call. On any kernel thread. */
CAPR_HIDDEN void capr__libc_run(struct capr_job *job);

/* Takes over errno and h_errno. */
CAPR_HIDDEN void capr__libc_errors(const struct capr_libc_job *call);

#endif
