/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * sendfile to a socket or pipe that blocks: as many bytes as asked for, waiting for room without stopping the worker. The kernel
 * knows no flag for it, so O_NONBLOCK is set around each try where the description is ours alone; elsewhere poll is asked and
 * small pieces go out, of which one may wait. The file's pages are looked for before each try and read on the pool where they
 * are not in memory. To a file all of it is done on the pool. Fat code.
 */
#include "pair.h"
#include "stream.h"

#include <sys/sendfile.h>
#include <unistd.h>

#include "../disk/disk.h"

/* polled.c */
CAPR_HIDDEN long capr__sendfile_try(int out, struct capr_fd *f, int in, off_t *offset, size_t count);

/* Whether reading from `in` may wait for a disk. */
static inline int may_wait(int in) {
    if (capr__env.disk == CAPR_DISK_IMMEDIATE || capr__in_place()) return 0;
    struct capr_fd *f = capr__fd_get(in);
    if (!f || f->kind != CAPR_FD_FILE) return 0;
    return !((f->disk ? f->disk : capr__file_learn(in, f)) & CAPR_DISK_MEMORY);
}

/* Bytes of the next piece: they are in memory. At the end of the file, or on an error, what sendfile itself is to find out. */
static __attribute__((noinline)) size_t next_piece(int in, const off_t *offset, size_t n) {
    off_t at = offset ? *offset : CAPR_OUTSIDE(capr__sys3(SYS_lseek, in, 0, SEEK_CUR));
    if (at < 0) return n;
    size_t piece = capr__file_cached(in, at, n);
    if (piece) return piece;
    struct capr_job job = {.run = capr__file_warm, .arg = {in, at, (long)n}, .kind = CAPR_JOB_DISK};
    long warm = capr__pool_run(&job);
    return warm > 0 ? (size_t)warm : n;
}

/* sendfile(2). Blocks, unless O_NONBLOCK. */
CAPR_INTERPOSE ssize_t sendfile(int out, int in, off_t *offset, size_t count) {
    CAPR_MONITOR;
    capr__turn_look(); /* no cancellation point, which would */
    struct capr_fd *f = capr__fd_get(out);
    if (!f || count == 0) return capr__result(CAPR_OUTSIDE(capr__sys4(SYS_sendfile, out, in, (long)offset, (long)count)));
    if (f->kind >= CAPR_FD_PLAIN) return capr__result(capr__disk_call(SYS_sendfile, out, in, (long)offset, (long)count, 0));
    capr__pair_part(f);
    int waits = may_wait(in);
    uint64_t deadline = CAPR_FD_DEADLINE_UNSET;
    size_t done = 0;
    long r;
    do {
        size_t piece = count - done;
        if (waits) piece = next_piece(in, offset, piece);
        capr__fd_heed(f);
        r = capr__sendfile_try(out, f, in, offset, piece);
        if (r > 0) done += (size_t)r;
    } while (done < count && (r > 0 || (r < 0 && capr__fd_again(out, f, CAPR_FD_WRITE, &r, &deadline))));
    return capr__fd_end(f, CAPR_FD_WRITE, done ? (long)done : r);
}

CAPR_INTERPOSE ssize_t sendfile64(int out, int in, off_t *offset, size_t count) { return sendfile(out, in, offset, count); }
