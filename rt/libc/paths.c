/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Paths that libc walks or makes by itself: on the pool. Where it calls the program on its way (glob with functions of the program's,
 * scandir, ftw), it stays in place, since the program's code must not run on a kernel thread of the pool. Fat code.
 */
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/statvfs.h>

#include "../graph/call_back.h"
#include "../io/fd.h"
#include "call.h"

/* realpath(3), canonicalize_file_name(3). Block. */
CAPR_INTERPOSE char *realpath(const char *restrict path, char *restrict resolved) {
    CAPR_MONITOR;
    return (char *)CAPR_LIBC_CALL("realpath", (long)path, (long)resolved);
}
CAPR_INTERPOSE char *__realpath_chk(const char *path, char *resolved, size_t room) {
    CAPR_MONITOR;
    return (char *)CAPR_LIBC_CALL("__realpath_chk", (long)path, (long)resolved, (long)room);
}
CAPR_INTERPOSE char *canonicalize_file_name(const char *path) { CAPR_MONITOR; return (char *)CAPR_LIBC_CALL("canonicalize_file_name", (long)path); }

/* statvfs(3), statfs(2): of a server's file system the server is asked. Block. */
CAPR_INTERPOSE int statvfs(const char *restrict path, struct statvfs *restrict out) {
    CAPR_MONITOR;
    return (int)CAPR_LIBC_CALL("statvfs", (long)path, (long)out);
}
CAPR_INTERPOSE int fstatvfs(int fd, struct statvfs *out) { CAPR_MONITOR; return (int)CAPR_LIBC_CALL("fstatvfs", fd, (long)out); }

CAPR_INTERPOSE int statvfs64(const char *restrict path, struct statvfs64 *restrict out) { CAPR_MONITOR; return statvfs(path, (struct statvfs *)out); }
CAPR_INTERPOSE int fstatvfs64(int fd, struct statvfs64 *out) { CAPR_MONITOR; return fstatvfs(fd, (struct statvfs *)out); }

/* mkstemp(3) and its relatives, tmpfile(3). Block. */
CAPR_INTERPOSE int mkostemps(char *name, int suffix, int flags) {
    CAPR_MONITOR;
    int fd = (int)CAPR_LIBC_CALL("mkostemps", (long)name, suffix, flags);
    capr__fd_made_by_libc(fd, CAPR_KIND_FILE);
    return fd;
}
CAPR_INTERPOSE int mkstemp(char *name) { CAPR_MONITOR; return mkostemps(name, 0, 0); }
CAPR_INTERPOSE int mkostemp(char *name, int flags) { CAPR_MONITOR; return mkostemps(name, 0, flags); }
CAPR_INTERPOSE int mkstemps(char *name, int suffix) { CAPR_MONITOR; return mkostemps(name, suffix, 0); }
CAPR_INTERPOSE int mkstemp64(char *name) { CAPR_MONITOR; return mkostemps(name, 0, 0); }
CAPR_INTERPOSE int mkostemp64(char *name, int flags) { CAPR_MONITOR; return mkostemps(name, 0, flags); }
CAPR_INTERPOSE int mkstemps64(char *name, int suffix) { CAPR_MONITOR; return mkostemps(name, suffix, 0); }
CAPR_INTERPOSE int mkostemps64(char *name, int suffix, int flags) { CAPR_MONITOR; return mkostemps(name, suffix, flags); }
CAPR_INTERPOSE char *mkdtemp(char *name) { CAPR_MONITOR; return (char *)CAPR_LIBC_CALL("mkdtemp", (long)name); }
CAPR_INTERPOSE FILE *tmpfile(void) {
    CAPR_MONITOR;
    FILE *file = (FILE *)CAPR_LIBC_CALL("tmpfile", 0);
    if (file) capr__fd_made_by_libc(fileno(file), CAPR_KIND_FILE);
    return file;
}
CAPR_INTERPOSE FILE *tmpfile64(void) { CAPR_MONITOR; return tmpfile(); }

/* posix_fallocate(3), which writes to each block where the file system has no better way. Blocks. Returns an error number. */
CAPR_INTERPOSE int posix_fallocate(int fd, off_t offset, off_t size) {
    CAPR_MONITOR;
    return (int)CAPR_LIBC_CALL("posix_fallocate", fd, offset, size);
}
CAPR_INTERPOSE int posix_fallocate64(int fd, off64_t offset, off64_t size) { CAPR_MONITOR; return posix_fallocate(fd, offset, size); }

/* glob(3). Blocks; in place where it calls the program. */
CAPR_INTERPOSE int glob(const char *restrict pattern, int flags, int (*failed)(const char *, int), glob_t *restrict out) {
    CAPR_MONITOR;
    static void *function;
    struct capr_libc_job call = {.name = "glob", .function = &function, .arg = {(long)pattern, flags, (long)failed, (long)out}};
    return (int)(failed || (flags & GLOB_ALTDIRFUNC) ? CAPR_OUTSIDE(CAPR_CALLS_BACK(capr__libc_call_in_place(&call))) : capr__libc_call(&call));
}
CAPR_INTERPOSE int glob64(const char *restrict pattern, int flags, int (*failed)(const char *, int), glob64_t *restrict out) {
    CAPR_MONITOR;
    return glob(pattern, flags, failed, (glob_t *)out);
}
