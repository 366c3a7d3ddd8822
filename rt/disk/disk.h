/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Files as the calls on them see them. Each call asks the kernel first in a form that does not wait for a disk, where there is
 * one (RWF_NOWAIT, RESOLVE_CACHED); what that refuses goes to the pool. File systems in memory are never asked twice: nothing
 * there waits.
 */
#ifndef CAPR_DISK_H
#define CAPR_DISK_H

#include <fcntl.h>
#include <sys/uio.h>

#include "../io/fd.h"
#include "../pool/pool.h"
#include "../proc/env.h"

/* Bits of capr_fd.disk. */
enum capr_disk_bits {
    CAPR_DISK_KNOWN = 1,     /* the others are */
    CAPR_DISK_MEMORY = 2,    /* on a file system that has no disk under it */
    CAPR_DISK_BLIND = 4,     /* its reads know no RWF_NOWAIT */
    CAPR_DISK_BLIND_W = 8,   /* nor its writes, or they may not be made in parts */
    CAPR_DISK_SYNC = 32,     /* O_SYNC, O_DSYNC: each write waits */
    CAPR_DISK_DIRECT = 16,   /* O_DIRECT: RWF_NOWAIT would wait all the same */
};

/* `write` of the next: a read, a write, a write of one buffer whose vector is on the caller's stack. */
enum { CAPR_FILE_READ, CAPR_FILE_WRITE, CAPR_FILE_WRITE_ONE };

/* readv or writev at `offset`, or where the description stands (-1). `f`: of kind FILE. Returns bytes or -errno. Blocks;
 * no cancellation point. */
CAPR_HIDDEN long capr__file_rw(int fd, struct capr_fd *f, const struct iovec *iov, int count, off_t offset, int write);

/* The same as an asynchronous request of the kernel's (direct.c). -EAGAIN, -EOPNOTSUPP: it takes none of this kind, or this one
 * would have to wait: then the pool does it. */
CAPR_HIDDEN long capr__direct_rw(int fd, const struct iovec *iov, int count, off_t offset, int write);

/* plain.c ----------------------------------------------------------------------------------------------------------------- */

/* Fills in f->disk and returns it. What a number stands for that is not OWNED may change: capr__fd_learn clears it then. */
CAPR_HIDDEN int capr__file_learn(int fd, struct capr_fd *f);

/* How often this kernel thread has waited in the kernel. */
CAPR_HIDDEN long capr__times_waited(void);

/* Whether a read that gave `got` bytes, fewer than asked for, has reached the end of the file. */
CAPR_HIDDEN int capr__file_ended(int fd, off_t offset, long got);

/* openat2 with RESOLVE_CACHED and `more` of its kind. -EAGAIN: what it takes is not all in memory, or the kernel does not know how to tell. */
CAPR_HIDDEN long capr__open_cached(int dir, const char *path, int flags, uint64_t more);

/* A descriptor of `path` for looking at it alone, the same way. */
static inline long capr__path_cached(int dir, const char *path, int follow, uint64_t more) {
    return capr__open_cached(dir, path, O_PATH | O_CLOEXEC | (follow ? 0 : O_NOFOLLOW), more);
}

/* Whether the walk of `path` is in memory: 0, or -errno as above. A directory's descriptor is all that it may take; anything else it refuses. */
static inline long capr__path_in_memory(int dir, const char *path, int follow) {
    long fd = capr__open_cached(dir, path, O_PATH | O_DIRECTORY | O_CLOEXEC | (follow ? 0 : O_NOFOLLOW), 0);
    if (fd >= 0) capr__sys1(SYS_close, fd);
    return fd >= 0 || fd == -ENOTDIR ? 0 : fd;
}

/* warm.c (plain): bytes from `offset` on, at most n, that a call may read without waiting; 0 if the first is not there or the
 * file system does not tell. */
CAPR_HIDDEN size_t capr__file_cached(int fd, off_t offset, size_t n);

/* A job for the pool: reads into the page cache. arg: descriptor, offset, bytes at most. Its result: bytes (0: the file's end). */
CAPR_HIDDEN void capr__file_warm(struct capr_job *job);

#endif
