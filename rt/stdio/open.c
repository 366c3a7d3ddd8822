/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * fopen: the file is opened as open(2) does here, so that a path that is not in memory or a fifo without a peer lets others run,
 * and libc makes its FILE of the descriptor. Fat code.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "../pool/pool.h"
#include "file.h"

/* plain.c */
CAPR_HIDDEN FILE *capr__libc_fopen(const char *path, const char *mode);

/* What open(2) takes for `mode`, and in `plain` what fdopen is to get. -1: not a mode, or one that is libc's matter (",ccs="). */
static __attribute__((noinline)) int flags_of(const char *mode, char plain[3]) {
    int flags, update = 0;
    if (*mode == 'r')
        flags = 0;
    else if (*mode == 'w')
        flags = O_CREAT | O_TRUNC;
    else if (*mode == 'a')
        flags = O_CREAT | O_APPEND;
    else
        return -1;
    plain[0] = *mode;
    for (mode++; *mode; mode++) {
        if (*mode == '+') update = 1;
        if (*mode == 'x') flags |= O_EXCL;
        if (*mode == 'e') flags |= O_CLOEXEC;
        if (*mode == ',') return -1;
    }
    plain[1] = update ? '+' : 0;
    plain[2] = 0;
    return flags | (update ? O_RDWR : plain[0] == 'r' ? O_RDONLY : O_WRONLY);
}

/* fopen(3). Blocks. */
CAPR_INTERPOSE FILE *fopen(const char *restrict path, const char *restrict mode) {
    CAPR_MONITOR;
    char plain[3];
    int flags = flags_of(mode, plain);
    if (flags < 0 || capr__in_place()) return capr__libc_fopen(path, mode);
    int fd = open(path, flags, 0666);
    if (fd < 0) return NULL;
    FILE *f = fdopen(fd, plain);
    if (!f) {
        int error = errno;
        close(fd);
        errno = error;
    }
    return f;
}

CAPR_INTERPOSE FILE *fopen64(const char *restrict path, const char *restrict mode) { CAPR_MONITOR; return fopen(path, mode); }
