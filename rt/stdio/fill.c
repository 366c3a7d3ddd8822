/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * From a FILE's descriptor to its buffer: the steps that libc's code would make by read(2), as calls that give way, with the same
 * effect on the FILE. What comes while a thread waits here is not in the buffer yet. Fat code.
 */
#include "file.h"

#include <string.h>

#include "../disk/disk.h"
#include "../io/pair.h"
#include "../io/stream.h"

/* One read, of at least a byte unless at the end. -errno; -EINTR if a handler or cancellation ended the wait. */
static __attribute__((noinline)) long receive(int fd, struct capr_fd *d, char *to, size_t n) {
    uint64_t deadline = CAPR_FD_DEADLINE_UNSET;
    struct iovec iov = {to, n};
    long r;
    if (capr__file_cancelled()) return -EINTR;
    do {
        capr__fd_heed(d);
        if (capr__fd_is_socket(d))
            r = CAPR_OUTSIDE(capr__sys6(SYS_recvfrom, fd, (long)to, (long)n, MSG_DONTWAIT, 0, 0));
        else if (d->kind == CAPR_FD_NOWAIT)
            r = CAPR_OUTSIDE(capr__sys6(SYS_preadv2, fd, (long)&iov, 1, -1, 0, CAPR_RWF_NOWAIT));
        else if (d->kind == CAPR_FD_POLL)
            r = capr__polled_readv(fd, &iov, 1);
        else if (d->kind == CAPR_FD_FILE)
            r = capr__file_rw(fd, d, &iov, 1, -1, 0);
        else
            r = CAPR_OUTSIDE(capr__sys3(SYS_read, fd, (long)to, (long)n));
        if (r < 0) capr__pair_offer(d, NULL);
    } while (r < 0 && capr__fd_again(fd, d, CAPR_FD_READ, &r, &deadline));
    if (r == 0 && d->kind == CAPR_FD_POLL && deadline != CAPR_FD_DEADLINE_UNSET) r = capr__polled_end(fd);
    capr__fd_done(d, CAPR_FD_READ);
    return r;
}

CAPR_CHECKPOINT static __attribute__((noinline)) void show(void) {
    struct capr_file_lock *l = capr__file_enter(stdout);
    struct capr_fd *d = capr__file_under(stdout, 1);
    if (d)
        capr__file_drain(stdout, d);
    else
        capr__libc_flush(stdout);
    capr__file_leave(l);
}

/* A terminal's user is to see the question before the answer is read: what libc does for input that is not fully buffered. */
static inline void show_questions(FILE *f) {
    if (!(f->_flags & (CAPR_FILE_LINE_BUFFERED | CAPR_FILE_UNBUFFERED)) || f == stdout || !stdout) return;
    if ((stdout->_flags & CAPR_FILE_LINE_BUFFERED) && stdout->_IO_write_ptr > stdout->_IO_write_base) show();
}

/* Everything before the read itself. 1: go on; 0: `*result` says. */
static __attribute__((noinline)) int before_read(FILE *f, struct capr_fd *d, int *result) {
    *result = 0;
    if (f->_IO_write_ptr > f->_IO_write_base && capr__file_drain(f, d)) return 0;
    if ((f->_flags & CAPR_FILE_IN_BACKUP) || f->_IO_save_base) {
        /* What was pushed back has been read. Behind it is the rest of the buffer, or nothing. */
        if (capr__file_has_more(f)) {
            *result = capr__libc_underflow(f) != EOF;
            return 0;
        }
        capr__file_forget_backup(f);
    }
    if (f->_flags & CAPR_FILE_EOF) return 0;
    show_questions(f);
    return capr__file_reading(f) == 0;
}

static size_t after_read(FILE *f, long r) {
    if (r > 0) {
        if (f->_offset >= 0) f->_offset += r;
        return (size_t)r;
    }
    if (r == 0)
        f->_flags |= CAPR_FILE_EOF;
    else
        capr__file_failed(f, r);
    f->_offset = -1;
    return 0;
}

CAPR_HIDDEN int capr__file_fill(FILE *f, struct capr_fd *d) {
    int result;
    if (!before_read(f, d, &result)) return result;
    f->_IO_read_base = f->_IO_read_ptr = f->_IO_read_end = f->_IO_buf_base;
    f->_IO_write_base = f->_IO_write_ptr = f->_IO_write_end = f->_IO_buf_base;
    size_t n = after_read(f, receive(f->_fileno, d, f->_IO_buf_base, (size_t)(f->_IO_buf_end - f->_IO_buf_base)));
    f->_IO_read_end += n;
    return n != 0;
}

CAPR_HIDDEN size_t capr__file_read(FILE *f, struct capr_fd *d, char *to, size_t n) {
    int result;
    if (!before_read(f, d, &result)) { /* what is there now, or nothing */
        if (!result) return 0;
        size_t have = (size_t)(f->_IO_read_end - f->_IO_read_ptr);
        if (have > n) have = n;
        memcpy(to, f->_IO_read_ptr, have);
        f->_IO_read_ptr += have;
        return have;
    }
    f->_IO_read_base = f->_IO_read_ptr = f->_IO_read_end = f->_IO_buf_base;
    f->_IO_write_base = f->_IO_write_ptr = f->_IO_write_end = f->_IO_buf_base;
    return after_read(f, receive(f->_fileno, d, to, n));
}
