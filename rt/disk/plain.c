/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * What the file calls ask the kernel on the side: which file system a file is on, whether a short read met the end, whether a
 * path can be walked without a disk. None of it waits. Plain code.
 */
#include "disk.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statfs.h>

#ifndef RESOLVE_CACHED
#define RESOLVE_CACHED 0x20
#endif

CAPR_HIDDEN int capr__file_learn(int fd, struct capr_fd *f) {
    int disk = CAPR_DISK_KNOWN;
    struct statfs fs;
    if (capr__sys2(SYS_fstatfs, fd, (long)&fs) == 0) {
        switch ((unsigned int)fs.f_type) {
        case TMPFS_MAGIC:
        case RAMFS_MAGIC:
        case HUGETLBFS_MAGIC:
        case PROC_SUPER_MAGIC:
        case SYSFS_MAGIC:
        case CGROUP_SUPER_MAGIC:
        case CGROUP2_SUPER_MAGIC:
        case DEBUGFS_MAGIC:
        case TRACEFS_MAGIC:
        case SECURITYFS_MAGIC:
        case BPF_FS_MAGIC:
        case DEVPTS_SUPER_MAGIC:
        case 0x19800202: /* mqueue */
            disk |= CAPR_DISK_MEMORY;
        }
    }
    long status = capr__sys2(SYS_fcntl, fd, F_GETFL);
    if (status >= 0 && (status & O_DIRECT)) disk |= CAPR_DISK_DIRECT;
    if (status >= 0 && (status & (O_SYNC | O_DSYNC))) disk |= CAPR_DISK_SYNC;
    if (status >= 0 && (status & O_APPEND)) disk |= CAPR_DISK_BLIND_W; /* what was written in part could not be written again */
    return f->disk = (uint8_t)disk;
}

CAPR_HIDDEN long capr__times_waited(void) {
    struct rusage usage;
    capr__sys2(SYS_getrusage, RUSAGE_THREAD, (long)&usage);
    return usage.ru_nvcsw;
}

CAPR_HIDDEN int capr__file_ended(int fd, off_t offset, long got) {
    struct stat st;
    if (capr__sys2(SYS_fstat, fd, (long)&st) < 0 || !S_ISREG(st.st_mode)) return 0;
    long end = offset >= 0 ? offset + got : capr__sys3(SYS_lseek, fd, 0, SEEK_CUR); /* inside: nobody reads meanwhile */
    return end >= st.st_size;
}

static int no_cached_walk; /* Linux before 5.12, and sandboxes that know no newer call */

/* Whether what is to be a directory of `path` is something else: the kernel's walk that does not wait gives up there, where a last name
 * with a slash behind it has it say so. Apache looks for FILE/.htaccess at each request. */
static int is_below_a_file(int dir, const char *path) {
    char parent[512];
    const char *slash = strrchr(path, '/');
    size_t length = slash ? (size_t)(slash - path) + 1 : 0;
    if (length < 2 || length >= sizeof parent) return 0;
    memcpy(parent, path, length);
    parent[length] = 0;
    struct open_how how = {.flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_CACHED};
    long r = capr__sys4(SYS_openat2, dir, (long)parent, (long)&how, sizeof how);
    if (r >= 0) capr__sys1(SYS_close, r);
    return r == -ENOTDIR;
}

/* O_CREAT, O_TRUNC and O_TMPFILE it refuses with RESOLVE_CACHED, and knows O_LARGEFILE only as what the kernel makes of it. A descriptor for
 * looking is opened and closed inside: a child that another thread forks is not to have it, nor dup2 to meet it at its number. */
CAPR_HIDDEN long capr__open_cached(int dir, const char *path, int flags, uint64_t more) {
    if (no_cached_walk || (flags & (O_CREAT | O_TRUNC | (O_TMPFILE & ~O_DIRECTORY)))) return -EAGAIN;
    struct open_how how = {.flags = (uint64_t)(unsigned int)flags, .resolve = RESOLVE_CACHED | more};
    long r = CAPR_OUTSIDE_IF(!(flags & O_PATH), capr__sys4(SYS_openat2, dir, (long)path, (long)&how, sizeof how));
    if (r == -ENOSYS || r == -EPERM || r == -EINVAL) { /* openat takes what openat2 is strict about: let it say */
        if (r == -ENOSYS) no_cached_walk = 1;
        return -EAGAIN;
    }
    /* A descriptor more than the call that this stands in for would take, perhaps. */
    if ((flags & O_PATH) && (r == -EMFILE || r == -ENFILE)) return -EAGAIN;
    return r == -EAGAIN && !more && is_below_a_file(dir, path) ? -ENOTDIR : r;
}
