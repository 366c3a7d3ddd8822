/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Looking at what a path names: stat, access, readlink. None of these calls has a form that does not wait for a disk, but opening
 * for nothing but looking (O_PATH) has, and after it the call itself does not wait. So a path that is in memory takes two or three short
 * system calls instead of one, unless that was found out a moment ago (paths.h), and any other goes to the pool. Fat code.
 */
#include "disk.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "paths.h"

/* True where the plain call is to be made: nothing may switch, or nothing is to be spared. */
static inline int in_place(void) { return capr__in_place() || capr__env.disk == CAPR_DISK_IMMEDIATE; }

/* An empty path names the descriptor itself, which is in memory; none at all is the kernel's to refuse. */
static inline int no_walk(const char *path, int flags) {
    __asm__("" : "+r"(path)); /* the headers promise that it is not null */
    return !path || ((flags & AT_EMPTY_PATH) && !*path);
}

static __attribute__((noinline)) long look(int dir, const char *path, struct stat *st, int flags) {
    capr__turn_look();
    if (in_place() || no_walk(path, flags)) return capr__result(CAPR_OUTSIDE(capr__sys4(SYS_newfstatat, dir, (long)path, (long)st, flags)));
    long r = flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH | AT_NO_AUTOMOUNT) ? -EAGAIN : capr__path_stat(dir, path, !(flags & AT_SYMLINK_NOFOLLOW), st);
    if (r == -EAGAIN) r = capr__disk_call(SYS_newfstatat, dir, (long)path, (long)st, flags, 0);
    return capr__result(r);
}

/* stat(2) and its relatives. Block. fstat of an open descriptor does not, and is left to libc. */
CAPR_INTERPOSE int stat(const char *restrict path, struct stat *restrict st) { CAPR_MONITOR; return (int)look(AT_FDCWD, path, st, 0); }
CAPR_INTERPOSE int lstat(const char *restrict path, struct stat *restrict st) {
    CAPR_MONITOR;
    return (int)look(AT_FDCWD, path, st, AT_SYMLINK_NOFOLLOW);
}
CAPR_INTERPOSE int fstatat(int dir, const char *restrict path, struct stat *restrict st, int flags) {
    CAPR_MONITOR;
    return (int)look(dir, path, st, flags);
}

/* The same layout under another name. */
CAPR_INTERPOSE int stat64(const char *restrict path, struct stat64 *restrict st) { CAPR_MONITOR; return stat(path, (struct stat *)st); }
CAPR_INTERPOSE int lstat64(const char *restrict path, struct stat64 *restrict st) { CAPR_MONITOR; return lstat(path, (struct stat *)st); }
CAPR_INTERPOSE int fstatat64(int dir, const char *restrict path, struct stat64 *restrict st, int flags) {
    CAPR_MONITOR;
    return fstatat(dir, path, (struct stat *)st, flags);
}

/* statx(2). Blocks. */
CAPR_INTERPOSE int statx(int dir, const char *restrict path, int flags, unsigned int mask, struct statx *restrict st) {
    CAPR_MONITOR;
    capr__turn_look();
    if (in_place() || no_walk(path, flags)) return (int)capr__result(CAPR_OUTSIDE(capr__sys6(SYS_statx, dir, (long)path, flags, mask, (long)st, 0)));
    long r = capr__path_in_memory(dir, path, !(flags & AT_SYMLINK_NOFOLLOW));
    if (r == -EAGAIN) return (int)capr__result(capr__disk_call(SYS_statx, dir, (long)path, flags, mask, (long)st));
    return (int)capr__result(r ? r : CAPR_OUTSIDE(capr__sys6(SYS_statx, dir, (long)path, flags, mask, (long)st, 0)));
}

#ifndef SYS_faccessat2
#define SYS_faccessat2 439
#endif

/* access walks as the real user, where a look walks as the effective one: what a look was refused half-way may be in memory or not, and what
 * it found is for access itself to say. With no flags by the old call, which every kernel has. */
static __attribute__((noinline)) int may(int dir, const char *path, int mode, int flags) {
    capr__turn_look();
    int number = flags ? SYS_faccessat2 : SYS_faccessat;
    long r = in_place() || no_walk(path, flags) ? 0 : capr__path_in_memory(dir, path, !(flags & AT_SYMLINK_NOFOLLOW));
    if (r == -EAGAIN || r == -EACCES) return (int)capr__result(capr__disk_call(number, dir, (long)path, mode, flags, 0));
    return (int)capr__result(CAPR_OUTSIDE(capr__sys4(number, dir, (long)path, mode, flags)));
}

/* access(2), faccessat(2), euidaccess(3). Block. */
CAPR_INTERPOSE int access(const char *path, int mode) { CAPR_MONITOR; return may(AT_FDCWD, path, mode, 0); }
CAPR_INTERPOSE int faccessat(int dir, const char *path, int mode, int flags) { CAPR_MONITOR; return may(dir, path, mode, flags); }
CAPR_INTERPOSE int euidaccess(const char *path, int mode) { CAPR_MONITOR; return may(AT_FDCWD, path, mode, AT_EACCESS); }
CAPR_INTERPOSE int eaccess(const char *path, int mode) { CAPR_MONITOR; return may(AT_FDCWD, path, mode, AT_EACCESS); }

/* statfs(2), fstatfs(2): a server's file system asks the server. Block. */
CAPR_INTERPOSE int statfs(const char *path, struct statfs *out) { CAPR_MONITOR; return (int)capr__result(capr__disk_call(SYS_statfs, (long)path, (long)out, 0, 0, 0)); }
CAPR_INTERPOSE int fstatfs(int fd, struct statfs *out) { CAPR_MONITOR; return (int)capr__result(capr__disk_call(SYS_fstatfs, fd, (long)out, 0, 0, 0)); }
CAPR_INTERPOSE int statfs64(const char *path, struct statfs64 *out) { CAPR_MONITOR; return statfs(path, (struct statfs *)out); }
CAPR_INTERPOSE int fstatfs64(int fd, struct statfs64 *out) { CAPR_MONITOR; return fstatfs(fd, (struct statfs *)out); }

/* readlink(2), readlinkat(2). Block. */
CAPR_INTERPOSE ssize_t readlinkat(int dir, const char *restrict path, char *restrict buf, size_t n) {
    CAPR_MONITOR;
    capr__turn_look();
    if (in_place() || no_walk(path, AT_EMPTY_PATH)) return capr__result(CAPR_OUTSIDE(capr__sys4(SYS_readlinkat, dir, (long)path, (long)buf, (long)n)));
    long r = capr__path_in_memory(dir, path, 0);
    if (r == -EAGAIN) return capr__result(capr__disk_call(SYS_readlinkat, dir, (long)path, (long)buf, (long)n, 0));
    return capr__result(r ? r : CAPR_OUTSIDE(capr__sys4(SYS_readlinkat, dir, (long)path, (long)buf, (long)n)));
}

CAPR_INTERPOSE ssize_t readlink(const char *restrict path, char *restrict buf, size_t n) {
    CAPR_MONITOR;
    return readlinkat(AT_FDCWD, path, buf, n);
}

/* What _FORTIFY_SOURCE makes of readlink: `room` is the buffer's size. */
extern _Noreturn void __chk_fail(void);

CAPR_INTERPOSE ssize_t __readlink_chk(const char *restrict path, char *restrict buf, size_t n, size_t room) {
    CAPR_MONITOR;
    if (n > room) __chk_fail();
    return readlink(path, buf, n);
}

CAPR_INTERPOSE ssize_t __readlinkat_chk(int dir, const char *restrict path, char *restrict buf, size_t n, size_t room) {
    CAPR_MONITOR;
    if (n > room) __chk_fail();
    return readlinkat(dir, path, buf, n);
}
