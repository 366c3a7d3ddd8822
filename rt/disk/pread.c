/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * pread, pwrite and their relatives: on files as in rw.c, on anything else the kernel's own answer (ESPIPE, or bytes of a device
 * that never waits). Fat code.
 */
#include "disk.h"

#include "../io/stream.h"

/* The record where the call is rw.c's, else NULL. */
static inline struct capr_fd *file_of(int fd, int count, off_t offset) {
    if (offset < 0 || count <= 0 || count > 1024 /* UIO_MAXIOV */) return NULL;
    struct capr_fd *f = capr__fd_get(fd);
    return f && f->kind == CAPR_FD_FILE ? f : NULL;
}

/* pread(2). Blocks. Cancellation point. */
CAPR_INTERPOSE ssize_t pread(int fd, void *buf, size_t n, off_t offset) {
    CAPR_MONITOR;
    capr__cancel_point();
    struct capr_fd *f = file_of(fd, 1, offset);
    if (!f) return capr__result(CAPR_OUTSIDE(capr__sys4(SYS_pread64, fd, (long)buf, (long)n, offset)));
    struct iovec iov = {buf, n};
    return capr__result(capr__file_rw(fd, f, &iov, 1, offset, 0));
}

/* pwrite(2). Blocks. Cancellation point. */
CAPR_INTERPOSE ssize_t pwrite(int fd, const void *buf, size_t n, off_t offset) {
    CAPR_MONITOR;
    capr__cancel_point();
    struct capr_fd *f = file_of(fd, 1, offset);
    if (!f) return capr__result(CAPR_OUTSIDE(capr__sys4(SYS_pwrite64, fd, (long)buf, (long)n, offset)));
    struct iovec iov = {(void *)(uintptr_t)buf, n};
    return capr__result(capr__file_rw(fd, f, &iov, 1, offset, CAPR_FILE_WRITE_ONE));
}

/* preadv(2), pwritev(2). Block. Cancellation points. */
CAPR_INTERPOSE ssize_t preadv(int fd, const struct iovec *iov, int count, off_t offset) {
    CAPR_MONITOR;
    capr__cancel_point();
    struct capr_fd *f = file_of(fd, count, offset);
    if (!f) return capr__result(CAPR_OUTSIDE(capr__sys6(SYS_preadv, fd, (long)iov, count, offset, 0, 0)));
    return capr__result(capr__file_rw(fd, f, iov, count, offset, 0));
}

CAPR_INTERPOSE ssize_t pwritev(int fd, const struct iovec *iov, int count, off_t offset) {
    CAPR_MONITOR;
    capr__cancel_point();
    struct capr_fd *f = file_of(fd, count, offset);
    if (!f) return capr__result(CAPR_OUTSIDE(capr__sys6(SYS_pwritev, fd, (long)iov, count, offset, 0, 0)));
    return capr__result(capr__file_rw(fd, f, iov, count, offset, 1));
}

/* preadv2(2), pwritev2(2). Flags other than RWF_NOWAIT go to the pool with the call. Block, unless RWF_NOWAIT. Cancellation
 * points. */
static __attribute__((noinline)) ssize_t flagged(long number, int fd, const struct iovec *iov, int count, off_t offset, int flags) {
    struct capr_fd *f = flags & CAPR_RWF_NOWAIT ? NULL : capr__fd_get(fd);
    if (!f || f->kind != CAPR_FD_FILE || capr__env.disk == CAPR_DISK_IMMEDIATE)
        return capr__result(capr__sys6(number, fd, (long)iov, count, offset, 0, flags));
    struct capr_job job = {.number = number, .arg = {fd, (long)iov, count, offset, 0, flags}, .kind = CAPR_JOB_DISK};
    return capr__result(capr__pool_run(&job));
}

CAPR_INTERPOSE ssize_t preadv2(int fd, const struct iovec *iov, int count, off_t offset, int flags) {
    CAPR_MONITOR;
    if (flags) {
        capr__cancel_point();
        return flagged(SYS_preadv2, fd, iov, count, offset, flags);
    }
    return offset == -1 ? readv(fd, iov, count) : preadv(fd, iov, count, offset);
}

CAPR_INTERPOSE ssize_t pwritev2(int fd, const struct iovec *iov, int count, off_t offset, int flags) {
    CAPR_MONITOR;
    if (flags) {
        capr__cancel_point();
        return flagged(SYS_pwritev2, fd, iov, count, offset, flags);
    }
    return offset == -1 ? writev(fd, iov, count) : pwritev(fd, iov, count, offset);
}

/* The names of programs built with 64-bit offsets: the same functions here. */
CAPR_INTERPOSE ssize_t pread64(int fd, void *buf, size_t n, off64_t offset) { CAPR_MONITOR; return pread(fd, buf, n, offset); }
CAPR_INTERPOSE ssize_t pwrite64(int fd, const void *buf, size_t n, off64_t offset) { CAPR_MONITOR; return pwrite(fd, buf, n, offset); }
CAPR_INTERPOSE ssize_t preadv64(int fd, const struct iovec *iov, int count, off64_t offset) { CAPR_MONITOR; return preadv(fd, iov, count, offset); }
CAPR_INTERPOSE ssize_t pwritev64(int fd, const struct iovec *iov, int count, off64_t offset) { CAPR_MONITOR; return pwritev(fd, iov, count, offset); }
CAPR_INTERPOSE ssize_t preadv64v2(int fd, const struct iovec *iov, int count, off64_t offset, int flags) {
    CAPR_MONITOR;
    return preadv2(fd, iov, count, offset, flags);
}
CAPR_INTERPOSE ssize_t pwritev64v2(int fd, const struct iovec *iov, int count, off64_t offset, int flags) {
    CAPR_MONITOR;
    return pwritev2(fd, iov, count, offset, flags);
}

/* What _FORTIFY_SOURCE makes of pread: `room` is the buffer's size. */
extern _Noreturn void __chk_fail(void);

CAPR_INTERPOSE ssize_t __pread_chk(int fd, void *buf, size_t n, off_t offset, size_t room) {
    CAPR_MONITOR;
    if (n > room) __chk_fail();
    return pread(fd, buf, n, offset);
}

CAPR_INTERPOSE ssize_t __pread64_chk(int fd, void *buf, size_t n, off64_t offset, size_t room) {
    CAPR_MONITOR;
    return __pread_chk(fd, buf, n, offset, room);
}

/* lseek(2): asks for the lock that a read on the pool may hold. */
CAPR_INTERPOSE off_t lseek(int fd, off_t offset, int whence) {
    CAPR_MONITOR;
    struct capr_fd *f = (uint32_t)fd < capr__fd_count ? &capr__fd_table[fd] : NULL;
    if (f && f->kind == CAPR_FD_FILE && f->position_used) return capr__result(capr__disk_call(SYS_lseek, fd, offset, whence, 0, 0));
    return capr__result(CAPR_OUTSIDE(capr__sys3(SYS_lseek, fd, offset, whence)));
}

CAPR_INTERPOSE off64_t lseek64(int fd, off64_t offset, int whence) { CAPR_MONITOR; return lseek(fd, offset, whence); }
