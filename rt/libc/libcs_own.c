/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The pool's side of call.c. Plain code.
 *
 * These functions allocate. libc's own malloc is made for kernel threads; one that the program or a library brings may lock mutexes
 * of ours, which the worker takes without atomic instructions. In such a program the calls are made in place.
 */
#include "call.h"

#include <dlfcn.h>
#include <errno.h>
#include <gnu/libc-version.h>
#include <netdb.h>

static int malloc_is_libcs(void) {
    static int known, is;
    if (!known) {
        Dl_info ours, theirs;
        void *allocator = dlsym(RTLD_DEFAULT, "malloc");
        is = allocator && dladdr(allocator, &ours) && dladdr((void *)gnu_get_libc_version, &theirs) && ours.dli_fbase == theirs.dli_fbase;
        known = 1;
    }
    return is;
}

CAPR_HIDDEN int capr__libc_find(struct capr_libc_job *call) {
    if (!*call->function) *call->function = dlsym(RTLD_NEXT, call->name);
    call->err = errno; /* stays what it is where the function does not fail */
    call->h_err = h_errno;
    return malloc_is_libcs();
}

/* With more arguments than the function has: by the calling convention of System V it does not see them. */
CAPR_HIDDEN void capr__libc_run(struct capr_job *job) {
    struct capr_libc_job *call = (struct capr_libc_job *)job;
    long (*function)(long, long, long, long, long, long, long, long);
    const long *a = call->arg;
    *(void **)&function = *call->function;
    errno = call->err;
    h_errno = call->h_err;
    job->result = function(a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7]);
    call->err = errno;
    call->h_err = h_errno;
}

CAPR_HIDDEN void capr__libc_errors(const struct capr_libc_job *call) {
    errno = call->err;
    h_errno = call->h_err;
}
