/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * libc's functions that close a descriptor which the program may have made by a call of ours (fdopen): libc calls the
 * kernel without us, and a record that went on claiming the number would let a thread wait for an event that never comes. So the
 * record goes first. Plain code.
 */
#include "fd.h"

#include <dlfcn.h>
#include <stdio.h>

/* libc's own function of a name that the executable has taken. */
#define REAL(name)                                                                                                                 \
    ({                                                                                                                             \
        static __typeof__(name) *real_;                                                                                            \
        if (!real_) real_ = (__typeof__(name) *)dlsym(RTLD_NEXT, #name);                                                           \
        real_;                                                                                                                     \
    })

/* stdio/manage.c, where it is part of the program: what the buffer has is written out in a way that gives way. */
CAPR_HIDDEN __attribute__((weak)) void capr__file_before_close(FILE *f);

/* Returns the descriptor; -1 where there is none, and functions of the program's, perhaps, that are to run outside. */
static int before_close(FILE *file) {
    if (capr__file_before_close) capr__file_before_close(file);
    int fd = fileno(file);
    if (fd >= 0) capr__fd_forget(fd);
    return fd;
}

CAPR_INTERPOSE int fclose(FILE *file) {
    CAPR_MONITOR;
    int fd = before_close(file);
    return CAPR_OUTSIDE_IF(fd < 0, REAL(fclose)(file));
}

CAPR_INTERPOSE FILE *freopen(const char *restrict path, const char *restrict mode, FILE *restrict file) {
    CAPR_MONITOR;
    int fd = before_close(file);
    return CAPR_OUTSIDE_IF(fd < 0, REAL(freopen)(path, mode, file));
}

CAPR_INTERPOSE FILE *freopen64(const char *restrict path, const char *restrict mode, FILE *restrict file) {
    CAPR_MONITOR;
    int fd = before_close(file);
    return CAPR_OUTSIDE_IF(fd < 0, REAL(freopen64)(path, mode, file));
}
