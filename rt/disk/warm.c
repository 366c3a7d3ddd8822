/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * For calls that read a file's pages themselves and can't be told not to wait (sendfile): how much of it is in memory, and a job
 * that reads what is not. Plain code.
 */
#include "disk.h"

/* Bytes that are asked about at once; the least that is asked for from the disk. */
#define PIECE_MAX (1u << 20)
#define WARM (128u << 10)
#define PAGE 4096u

/* Linux 6.5. */
#define SYS_CACHESTAT 451

/* 1: every page of the range is in memory; 0: not; -1: the kernel can't say. */
static int all_cached(int fd, off_t offset, size_t n) {
    uint64_t range[2] = {(uint64_t)offset, n}, counts[5] = {0};
    if (capr__sys4(SYS_CACHESTAT, fd, (long)range, (long)counts, 0) < 0) return -1;
    uint64_t pages = ((uint64_t)offset + n - 1) / PAGE - (uint64_t)offset / PAGE + 1;
    return counts[0] >= pages;
}

/* Whether the byte at `offset` can be read without waiting; being in memory is not enough, since a page may still be on its way. */
static int readable(int fd, off_t offset) {
    char byte;
    struct iovec iov = {&byte, 1};
    return CAPR_OUTSIDE(capr__sys6(SYS_preadv2, fd, (long)&iov, 1, offset, 0, 8 /* RWF_NOWAIT */)) >= 0;
}

CAPR_HIDDEN size_t capr__file_cached(int fd, off_t offset, size_t n) {
    if (n > PIECE_MAX) n = PIECE_MAX;
    if (!n || !readable(fd, offset)) return 0;
    size_t first = PAGE - (size_t)(offset % PAGE);
    while (n > first && all_cached(fd, offset, n) != 1) n /= 2;
    return n <= first ? (n < first ? n : first) : readable(fd, offset + (off_t)n - 1) ? n : first;
}

CAPR_HIDDEN void capr__file_warm(struct capr_job *job) {
    char scratch[16384];
    long fd = job->arg[0], offset = job->arg[1], n = job->arg[2], done = 0;
    if (n > (long)WARM) n = (long)WARM;
    while (done < n) {
        long r = CAPR_OUTSIDE(capr__sys4(SYS_pread64, fd, (long)scratch, n - done < (long)sizeof scratch ? n - done : (long)sizeof scratch,
                            offset + done));
        if (r < 0 && !done) done = r;
        if (r <= 0) break;
        done += r;
    }
    job->result = done;
}
