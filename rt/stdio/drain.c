/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * From a FILE's buffer to its descriptor: the steps that libc's code would make by write(2), as calls that give way, with the same
 * effect on the FILE. While a thread waits here the FILE is whole: what was written has left the buffer. So whoever flushes all
 * FILEs at exit finds what is left and nothing twice. Fat code.
 */
#include "file.h"

#include <string.h>

#include "../io/pair.h"
#include "../io/stream.h"
#include "../pool/pool.h"

CAPR_HIDDEN struct capr_fd *capr__file_under(FILE *f, int writing) {
    if (capr__in_place() || !capr__file_is_plain(f) || f->_markers) return NULL;
    struct capr_fd *d = capr__fd_get(f->_fileno);
    if (!d || d->kind == CAPR_FD_PLAIN) return NULL;
    /* Files are read by way of the pool; their writes end in memory, and libc knows where it stands in them. */
    return d->kind == CAPR_FD_FILE && (writing || (f->_flags & CAPR_FILE_WRITING)) ? NULL : d;
}

CAPR_HIDDEN struct capr_thread *capr__file_cut;

/* One write, of at least a byte. */
static __attribute__((noinline)) long transmit(int fd, struct capr_fd *d, const char *from, size_t n) {
    uint64_t deadline = CAPR_FD_DEADLINE_UNSET;
    struct iovec iov = {(char *)(uintptr_t)from, n};
    long r;
    if (capr__file_cancelled()) return -EINTR;
    do {
        capr__fd_heed(d);
        if (capr__fd_is_socket(d))
            r = CAPR_OUTSIDE(capr__sys6(SYS_sendto, fd, (long)from, (long)n, MSG_DONTWAIT, 0, 0));
        else if (d->kind == CAPR_FD_NOWAIT)
            r = CAPR_OUTSIDE(capr__sys6(SYS_pwritev2, fd, (long)&iov, 1, -1, 0, CAPR_RWF_NOWAIT));
        else if (d->kind == CAPR_FD_POLL)
            r = capr__polled_writev(fd, &iov, 1);
        else
            r = CAPR_OUTSIDE(capr__sys3(SYS_write, fd, (long)from, (long)n));
    } while (r < 0 && capr__fd_again(fd, d, CAPR_FD_WRITE, &r, &deadline));
    if (r > 0) capr__pair_wrote(d, r);
    capr__fd_done(d, CAPR_FD_WRITE);
    return r;
}

CAPR_HIDDEN int capr__file_failed(FILE *f, long error) {
    if (error == -EINTR && capr__cancel_due(capr__self()))
        capr__file_cut = capr__self();
    else
        f->_flags |= CAPR_FILE_ERROR;
    capr__result(error);
    return EOF;
}

CAPR_HIDDEN int capr__file_drain(FILE *f, struct capr_fd *d) {
    int result = 0;
    /* What was read ahead of the first byte written would have to be given back, which libc does by lseek: that fails here. */
    if (f->_IO_write_ptr > f->_IO_write_base && f->_IO_read_end != f->_IO_write_base) return capr__libc_overflow(f, EOF);
    while (f->_IO_write_ptr > f->_IO_write_base) {
        long r = transmit(f->_fileno, d, f->_IO_write_base, (size_t)(f->_IO_write_ptr - f->_IO_write_base));
        if (r < 0) {
            result = capr__file_failed(f, r);
            if (!(f->_flags & CAPR_FILE_ERROR)) return result;
            break; /* libc too drops what it could not write */
        }
        if (f->_offset >= 0) f->_offset += r;
        f->_IO_write_base += r;
        /* Where these two differ libc takes it that it has to seek. */
        f->_IO_read_base = f->_IO_read_ptr = f->_IO_read_end = f->_IO_write_base;
    }
    if (!(f->_flags & CAPR_FILE_WRITING)) return result;
    f->_IO_read_base = f->_IO_read_ptr = f->_IO_read_end = f->_IO_buf_base;
    f->_IO_write_base = f->_IO_write_ptr = f->_IO_buf_base;
    f->_IO_write_end = f->_flags & (CAPR_FILE_LINE_BUFFERED | CAPR_FILE_UNBUFFERED) ? f->_IO_buf_base : f->_IO_buf_end;
    return result;
}

/* Past the buffer, which is empty. Returns bytes. */
static __attribute__((noinline)) size_t write_past(FILE *f, struct capr_fd *d, const char *from, size_t n) {
    size_t done = 0;
    while (done < n) {
        long r = transmit(f->_fileno, d, from + done, n - done);
        if (r < 0) {
            capr__file_failed(f, r);
            break;
        }
        if (f->_offset >= 0) f->_offset += r;
        done += (size_t)r;
    }
    return done;
}

/* Through the buffer, but for whole buffers of it. */
static size_t put_blocks(FILE *f, struct capr_fd *d, const char *from, size_t n) {
    size_t done = 0, size = (size_t)(f->_IO_buf_end - f->_IO_buf_base);
    while (done < n) {
        size_t left = n - done;
        if (f->_IO_write_ptr == f->_IO_write_base && (left >= size || (f->_flags & CAPR_FILE_UNBUFFERED))) {
            size_t whole = f->_flags & CAPR_FILE_UNBUFFERED || size < 128 ? left : left - left % size;
            size_t wrote = write_past(f, d, from + done, whole);
            done += wrote;
            if (wrote < whole) break;
            continue;
        }
        size_t room = (size_t)(f->_IO_buf_end - f->_IO_write_ptr);
        if (room > left) room = left;
        memcpy(f->_IO_write_ptr, from + done, room);
        f->_IO_write_ptr += room;
        done += room;
        if (done < n && capr__file_drain(f, d)) break;
    }
    return done;
}

CAPR_HIDDEN size_t capr__file_put(FILE *f, struct capr_fd *d, const char *from, size_t n) {
    if (n == 0 || capr__file_writing(f)) return 0;
    const char *last = f->_flags & CAPR_FILE_LINE_BUFFERED ? memrchr(from, '\n', n) : NULL;
    size_t lines = last ? (size_t)(last + 1 - from) : 0, done = 0;
    if (lines) {
        done = put_blocks(f, d, from, lines);
        if (done < lines || capr__file_drain(f, d)) return done;
    }
    return done + put_blocks(f, d, from + lines, n - lines);
}
