/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Changing what paths name, and files' attributes: on the pool. A file system that makes or removes a name may have to
 * read directories and waits for its journal, and the kernel has no form that does not; what the pool adds (two switches of the
 * kernel's) is less than the cheapest of these calls takes. Fat code.
 */
#include "disk.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "paths.h"

static long name(long number, long a, long b, long c, long d, long e) {
    capr__paths_change(1);
    long r = capr__disk_call(number, a, b, c, d, e);
    capr__paths_change(-1);
    return r;
}

static __attribute__((noinline)) int change(long number, long a, long b, long c, long d, long e) {
    return (int)capr__result(name(number, a, b, c, d, e));
}

/* rename(2), renameat(2), renameat2(2). Block. */
CAPR_INTERPOSE int rename(const char *from, const char *to) { CAPR_MONITOR; return change(SYS_rename, (long)from, (long)to, 0, 0, 0); }
CAPR_INTERPOSE int renameat(int from_dir, const char *from, int to_dir, const char *to) {
    CAPR_MONITOR;
    return change(SYS_renameat, from_dir, (long)from, to_dir, (long)to, 0);
}
CAPR_INTERPOSE int renameat2(int from_dir, const char *from, int to_dir, const char *to, unsigned int flags) {
    CAPR_MONITOR;
    return change(SYS_renameat2, from_dir, (long)from, to_dir, (long)to, flags);
}

/* unlink(2), unlinkat(2), rmdir(2), remove(3). Block. */
CAPR_INTERPOSE int unlink(const char *path) { CAPR_MONITOR; return change(SYS_unlink, (long)path, 0, 0, 0, 0); }
CAPR_INTERPOSE int unlinkat(int dir, const char *path, int flags) { CAPR_MONITOR; return change(SYS_unlinkat, dir, (long)path, flags, 0, 0); }
CAPR_INTERPOSE int rmdir(const char *path) { CAPR_MONITOR; return change(SYS_rmdir, (long)path, 0, 0, 0, 0); }
CAPR_INTERPOSE int remove(const char *path) {
    CAPR_MONITOR;
    long r = name(SYS_unlink, (long)path, 0, 0, 0, 0);
    if (r == -EISDIR) r = name(SYS_rmdir, (long)path, 0, 0, 0, 0);
    return (int)capr__result(r);
}

/* mkdir(2), mkdirat(2), mknod(2), mkfifo(3) and their relatives. Block. */
CAPR_INTERPOSE int mkdir(const char *path, mode_t mode) { CAPR_MONITOR; return change(SYS_mkdir, (long)path, mode, 0, 0, 0); }
CAPR_INTERPOSE int mkdirat(int dir, const char *path, mode_t mode) { CAPR_MONITOR; return change(SYS_mkdirat, dir, (long)path, mode, 0, 0); }
CAPR_INTERPOSE int mknodat(int dir, const char *path, mode_t mode, dev_t device) {
    CAPR_MONITOR;
    if (device != (unsigned int)device) return (int)capr__result(-EINVAL); /* the kernel's numbers have 32 bits */
    return change(SYS_mknodat, dir, (long)path, mode, (long)device, 0);
}
CAPR_INTERPOSE int mknod(const char *path, mode_t mode, dev_t device) { CAPR_MONITOR; return mknodat(AT_FDCWD, path, mode, device); }
CAPR_INTERPOSE int mkfifoat(int dir, const char *path, mode_t mode) { CAPR_MONITOR; return mknodat(dir, path, mode | S_IFIFO, 0); }
CAPR_INTERPOSE int mkfifo(const char *path, mode_t mode) { CAPR_MONITOR; return mknodat(AT_FDCWD, path, mode | S_IFIFO, 0); }

/* link(2), symlink(2) and their relatives. Block. */
CAPR_INTERPOSE int link(const char *from, const char *to) { CAPR_MONITOR; return change(SYS_link, (long)from, (long)to, 0, 0, 0); }
CAPR_INTERPOSE int linkat(int from_dir, const char *from, int to_dir, const char *to, int flags) {
    CAPR_MONITOR;
    return change(SYS_linkat, from_dir, (long)from, to_dir, (long)to, flags);
}
CAPR_INTERPOSE int symlink(const char *target, const char *path) { CAPR_MONITOR; return change(SYS_symlink, (long)target, (long)path, 0, 0, 0); }
CAPR_INTERPOSE int symlinkat(const char *target, int dir, const char *path) {
    CAPR_MONITOR;
    return change(SYS_symlinkat, (long)target, dir, (long)path, 0, 0);
}

/* These change no name. */
static __attribute__((noinline)) int set(long number, long a, long b, long c, long d, long e) {
    return (int)capr__result(capr__disk_call(number, a, b, c, d, e));
}

/* chmod(2), chown(2), utimensat(2) by path or descriptor. Block. (fchmodat with flags is libc's.) */
CAPR_INTERPOSE int chmod(const char *path, mode_t mode) { CAPR_MONITOR; return set(SYS_chmod, (long)path, mode, 0, 0, 0); }
CAPR_INTERPOSE int fchmod(int fd, mode_t mode) { CAPR_MONITOR; return set(SYS_fchmod, fd, mode, 0, 0, 0); }
CAPR_INTERPOSE int chown(const char *path, uid_t user, gid_t group) { CAPR_MONITOR; return set(SYS_chown, (long)path, user, group, 0, 0); }
CAPR_INTERPOSE int lchown(const char *path, uid_t user, gid_t group) { CAPR_MONITOR; return set(SYS_lchown, (long)path, user, group, 0, 0); }
CAPR_INTERPOSE int fchown(int fd, uid_t user, gid_t group) { CAPR_MONITOR; return set(SYS_fchown, fd, user, group, 0, 0); }
CAPR_INTERPOSE int fchownat(int dir, const char *path, uid_t user, gid_t group, int flags) {
    CAPR_MONITOR;
    return set(SYS_fchownat, dir, (long)path, user, group, flags);
}
CAPR_INTERPOSE int utimensat(int dir, const char *path, const struct timespec times[2], int flags) {
    CAPR_MONITOR;
    long at = (long)path;
    __asm__("" : "+r"(at)); /* the header promises that it is not null; the kernel takes null for `dir` itself */
    if (!at) return (int)capr__result(-EINVAL);
    return set(SYS_utimensat, dir, at, (long)times, flags, 0);
}
CAPR_INTERPOSE int futimens(int fd, const struct timespec times[2]) {
    CAPR_MONITOR;
    if (fd < 0) return (int)capr__result(-EBADF);
    return set(SYS_utimensat, fd, 0, (long)times, 0, 0);
}

/* truncate(2), ftruncate(2). Block. */
CAPR_INTERPOSE int truncate(const char *path, off_t size) { CAPR_MONITOR; return set(SYS_truncate, (long)path, size, 0, 0, 0); }
CAPR_INTERPOSE int truncate64(const char *path, off64_t size) { CAPR_MONITOR; return truncate(path, size); }
CAPR_INTERPOSE int ftruncate(int fd, off_t size) { CAPR_MONITOR; return set(SYS_ftruncate, fd, size, 0, 0, 0); }
CAPR_INTERPOSE int ftruncate64(int fd, off64_t size) { CAPR_MONITOR; return ftruncate(fd, size); }

/* chdir(2), fchdir(2), chroot(2), mount(2), umount2(2): paths name others then. The first blocks; the others are made in place, since they ask
 * what the calling kernel thread may do. */
static __attribute__((noinline)) int change_here(long number, long a, long b, long c, long d, long e) {
    capr__paths_change(1);
    long r = CAPR_OUTSIDE(capr__sys6(number, a, b, c, d, e, 0));
    capr__paths_change(-1);
    return (int)capr__result(r);
}

CAPR_INTERPOSE int chdir(const char *path) { CAPR_MONITOR; return change(SYS_chdir, (long)path, 0, 0, 0, 0); }
CAPR_INTERPOSE int fchdir(int fd) { CAPR_MONITOR; return change_here(SYS_fchdir, fd, 0, 0, 0, 0); }
CAPR_INTERPOSE int chroot(const char *path) { CAPR_MONITOR; return change_here(SYS_chroot, (long)path, 0, 0, 0, 0); }
CAPR_INTERPOSE int mount(const char *from, const char *to, const char *type, unsigned long flags, const void *data) {
    CAPR_MONITOR;
    return change_here(SYS_mount, (long)from, (long)to, (long)type, (long)flags, (long)data);
}
CAPR_INTERPOSE int umount2(const char *path, int flags) { CAPR_MONITOR; return change_here(SYS_umount2, (long)path, flags, 0, 0, 0); }
CAPR_INTERPOSE int umount(const char *path) { CAPR_MONITOR; return change_here(SYS_umount2, (long)path, 0, 0, 0, 0); }
