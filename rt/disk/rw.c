/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Reading and writing files: what is in the page cache at once, the rest on the pool, where O_DIRECT is asked for by the kernel's
 * own requests. A read that the cache could serve only in part is made again there, since a file gives all that is asked for up to its end.
 * Fat code.
 */
#include "disk.h"

/* One call on the pool. While it is under way the kernel holds a lock on the description's position if it is one that uses it,
 * which nobody may then ask for in place. */
static __attribute__((noinline)) long on_pool(int fd, struct capr_fd *f, const struct iovec *iov, int count, off_t offset, int write) {
    static const int numbers[2][2] = {{SYS_readv, SYS_writev}, {SYS_preadv, SYS_pwritev}};
    int at = offset >= 0;
    if (at && (f->disk & CAPR_DISK_DIRECT) && capr__env.disk == CAPR_DISK_AIO) {
        long r = capr__direct_rw(fd, iov, count, offset, write);
        if (r != -EAGAIN && r != -EOPNOTSUPP) return r;
    }
    uint32_t generation = f->generation;
    f->position_used += !at;
    long r = capr__disk_call(numbers[at][write], fd, (long)iov, count, at ? offset : 0, 0);
    if (!at && f->generation == generation) f->position_used--;
    return r;
}

/* Most file systems (ext4) have no write that does not wait, though nearly none waits: it copies into memory, and the kernel makes
 * writers wait when much is to be written out. The pool would cost a log's line ten times what the write does (20 us of processor
 * time against 2). So small writes are made in place as long as they are quick. One that was not may only have lost the processor
 * to another process: after it the kernel is asked for some writes whether they waited, and if one did, all go to the pool for
 * a while. */
#define SMALL_WRITE 16384
#define SLOW_NS 1000000u
#define WATCHED 16
#define SLOW_FOR_NS 1000000000u

static uint64_t slow_until; /* ns of CLOCK_MONOTONIC */
static uint32_t watched;    /* writes left to be looked at closely */

static __attribute__((noinline)) long small_write(int fd, const struct iovec *iov, off_t offset) {
    uint64_t before = capr__now();
    if (before < slow_until) return -EAGAIN;
    long waits = watched ? capr__times_waited() : 0;
    long r = offset >= 0 ? CAPR_OUTSIDE(capr__sys4(SYS_pwrite64, fd, (long)iov->iov_base, (long)iov->iov_len, offset))
                         : CAPR_OUTSIDE(capr__sys3(SYS_write, fd, (long)iov->iov_base, (long)iov->iov_len));
    if (__builtin_expect(watched != 0, 0)) {
        watched--;
        if (capr__times_waited() != waits) {
            slow_until = capr__now() + SLOW_FOR_NS;
            watched = 0;
        }
    } else if (capr__now() - before > SLOW_NS) {
        watched = WATCHED;
    }
    return r == -EAGAIN ? -EIO : r; /* no file says so */
}

static inline size_t bytes_of(const struct iovec *iov, int count) {
    size_t n = 0;
    for (int i = 0; i < count; i++) n += iov[i].iov_len;
    return n;
}

/* What does not wait: bytes, -EAGAIN where it would, or another -errno. */
static inline long at_once(int fd, struct capr_fd *f, int disk, const struct iovec *iov, int count, off_t offset, int write,
                           int small) {
    if ((disk & CAPR_DISK_DIRECT) || (offset < 0 && f->position_used)) return -EAGAIN;
    if (disk & (write ? CAPR_DISK_BLIND_W : CAPR_DISK_BLIND)) {
        return small && !(disk & CAPR_DISK_SYNC) ? small_write(fd, iov, offset) : -EAGAIN;
    }
    /* Where the position counts, inside: nobody comes between this and what is done about a part (whole). */
    long r = CAPR_OUTSIDE_IF(offset >= 0, capr__sys6(write ? SYS_pwritev2 : SYS_preadv2, fd, (long)iov, count, offset, 0, 8 /* RWF_NOWAIT */));
    if (__builtin_expect(r == -EOPNOTSUPP, 0)) {
        f->disk |= write ? CAPR_DISK_BLIND_W : CAPR_DISK_BLIND;
        r = -EAGAIN; /* a small write is made in place from the next one on */
    }
    return r;
}

/* A call that was served in part goes to the pool as a whole: what two threads read from one description, or write, may not lie in each
 * other. So its position goes back first, inside still. */
static __attribute__((noinline)) long whole(int fd, struct capr_fd *f, const struct iovec *iov, int count, off_t offset, int write, long done) {
    if (!write && capr__file_ended(fd, offset, done)) return done;
    if (offset < 0 && capr__sys3(SYS_lseek, fd, -done, SEEK_CUR) < 0) return done;
    return on_pool(fd, f, iov, count, offset, write);
}

/* Deeper than all else that a read may come to: a thread that waits for a socket is not to have room for it. */
CAPR_CHECKPOINT __attribute__((noinline)) CAPR_HIDDEN long capr__file_rw(int fd, struct capr_fd *f, const struct iovec *iov, int count, off_t offset, int write) {
    /* Of one buffer the vector is our own and may be looked into; a bad one of the program's is the kernel's to refuse. */
    capr__turn_look(); /* a loop of calls that never wait */
    int disk = f->disk, small = write == CAPR_FILE_WRITE_ONE && iov->iov_len <= SMALL_WRITE;
    write = write != 0;
    if (__builtin_expect(!disk, 0)) disk = capr__file_learn(fd, f);
    if (capr__env.disk == CAPR_DISK_IMMEDIATE || (disk & CAPR_DISK_MEMORY) || capr__in_place()) {
        if (offset >= 0) return capr__sys6(write ? SYS_pwritev : SYS_preadv, fd, (long)iov, count, offset, 0, 0);
        return capr__sys3(write ? SYS_writev : SYS_readv, fd, (long)iov, count);
    }
    long r = at_once(fd, f, disk, iov, count, offset, write, small);
    if (r == -EAGAIN) return on_pool(fd, f, iov, count, offset, write);
    return r <= 0 || (size_t)r == bytes_of(iov, count) ? r : whole(fd, f, iov, count, offset, write, r);
}
