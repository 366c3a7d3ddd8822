/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Waiting for the disk on purpose (fsync and its relatives), and calls that move or reserve many blocks at once: always on the
 * pool. Fat code.
 */
#include "disk.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../thread/cancel.h"

/* fsync(2), fdatasync(2). Block. Cancellation points. */
CAPR_INTERPOSE int fsync(int fd) {
    CAPR_MONITOR;
    capr__cancel_point();
    return (int)capr__result(capr__disk_call(SYS_fsync, fd, 0, 0, 0, 0));
}

CAPR_INTERPOSE int fdatasync(int fd) {
    CAPR_MONITOR;
    capr__cancel_point();
    return (int)capr__result(capr__disk_call(SYS_fdatasync, fd, 0, 0, 0, 0));
}

/* sync(2), syncfs(2), sync_file_range(2). Block. */
CAPR_INTERPOSE void sync(void) { CAPR_MONITOR; capr__disk_call(SYS_sync, 0, 0, 0, 0, 0); }
CAPR_INTERPOSE int syncfs(int fd) { CAPR_MONITOR; return (int)capr__result(capr__disk_call(SYS_syncfs, fd, 0, 0, 0, 0)); }
CAPR_INTERPOSE int sync_file_range(int fd, off64_t offset, off64_t bytes, unsigned int flags) {
    CAPR_MONITOR;
    return (int)capr__result(capr__disk_call(SYS_sync_file_range, fd, offset, bytes, flags, 0));
}

/* msync(2). Blocks, unless MS_ASYNC. Cancellation point. */
CAPR_INTERPOSE int msync(void *address, size_t size, int flags) {
    CAPR_MONITOR;
    capr__cancel_point();
    if (!(flags & MS_SYNC)) return (int)capr__result(CAPR_OUTSIDE(capr__sys3(SYS_msync, (long)address, (long)size, flags)));
    return (int)capr__result(capr__disk_call(SYS_msync, (long)address, (long)size, flags, 0, 0));
}

/* fallocate(2). Blocks. */
CAPR_INTERPOSE int fallocate(int fd, int mode, off_t offset, off_t size) {
    CAPR_MONITOR;
    capr__cancel_point();
    return (int)capr__result(capr__disk_call(SYS_fallocate, fd, mode, offset, size, 0));
}

CAPR_INTERPOSE int fallocate64(int fd, int mode, off64_t offset, off64_t size) { CAPR_MONITOR; return fallocate(fd, mode, offset, size); }

/* copy_file_range(2), readahead(2). Block. */
CAPR_INTERPOSE ssize_t copy_file_range(int in, off64_t *in_offset, int out, off64_t *out_offset, size_t n, unsigned int flags) {
    CAPR_MONITOR;
    capr__cancel_point();
    struct capr_job job = {.number = SYS_copy_file_range, .arg = {in, (long)in_offset, out, (long)out_offset, (long)n, flags},
                           .kind = CAPR_JOB_DISK};
    if (capr__env.disk == CAPR_DISK_IMMEDIATE)
        capr__pool_perform(&job);
    else
        capr__pool_run(&job);
    return capr__result(job.result);
}

CAPR_INTERPOSE ssize_t readahead(int fd, off64_t offset, size_t n) {
    CAPR_MONITOR;
    return capr__result(capr__disk_call(SYS_readahead, fd, offset, (long)n, 0, 0));
}
