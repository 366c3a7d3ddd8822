/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Calls on a FILE that write out what its buffer has: fflush, fclose, changes of position and buffer. The writing is ours and
 * gives way; then libc does the rest, which finds nothing to write. Fat code, but for the walk over all FILEs in all.c.
 */
#include <stdlib.h>

#include "file.h"

/* all.c, plain. */
CAPR_HIDDEN FILE **capr__files_pending(size_t *count);
CAPR_HIDDEN int capr__file_exists(FILE *f);
CAPR_HIDDEN int capr__libc_setvbuf(FILE *f, char *buffer, int mode, size_t size);
CAPR_HIDDEN int capr__libc_seek(FILE *f, off_t offset, int whence);
CAPR_HIDDEN off_t capr__libc_tell(FILE *f);
CAPR_HIDDEN void capr__libc_rewind(FILE *f);
CAPR_HIDDEN int capr__libc_getpos(FILE *f, fpos_t *position);
CAPR_HIDDEN int capr__libc_setpos(FILE *f, const fpos_t *position);

/* Writes out, if that is ours to do. 0 or EOF. */
static __attribute__((noinline)) int write_out(FILE *f) {
    struct capr_fd *d = f->_IO_write_ptr > f->_IO_write_base ? capr__file_under(f, 1) : NULL;
    return d ? capr__file_drain(f, d) : 0;
}

/* The same with a hold on it; a thread that cancellation cuts short does not come back, since libc would then write what is left. */
static inline int drain(FILE *f, struct capr_file_lock *l) {
    int r = write_out(f);
    if (r && capr__file_was_cut()) capr__file_end(l, NULL);
    return r;
}

static __attribute__((noinline)) int flush_one(FILE *f, int locked) {
    struct capr_file_lock *l = locked ? capr__file_enter(f) : NULL;
    int r = drain(f, l);
    if (!r) r = capr__libc_flush(f);
    capr__file_leave(l);
    capr__cancel_point();
    return r;
}

/* Each FILE that has something: none is flushed while somebody is in the middle of it, where libc would go by its own locks. */
static __attribute__((noinline)) int flush_all(void) {
    size_t count;
    FILE **list = capr__files_pending(&count);
    int r = 0;
    for (size_t i = 0; i < count; i++) {
        if (!capr__file_exists(list[i])) continue; /* closed while another was written */
        struct capr_file_lock *l = capr__file_enter(list[i]);
        if (capr__file_exists(list[i])) {
            r |= write_out(list[i]);
            if (!capr__file_was_cut()) r |= capr__libc_flush(list[i]);
        }
        capr__file_leave(l);
        if (capr__file_was_cut()) break;
    }
    free(list);
    if (capr__file_was_cut()) capr__file_end(NULL, NULL);
    return r ? EOF : 0;
}

/* fflush(3). Blocks. */
CAPR_INTERPOSE int fflush(FILE *f) {
    CAPR_MONITOR;
    if (!f) return capr__may_switch() ? flush_all() : capr__libc_flush(NULL);
    return flush_one(f, 1);
}

CAPR_INTERPOSE int fflush_unlocked(FILE *f) { CAPR_MONITOR; return f ? flush_one(f, 0) : fflush(NULL); }
CAPR_INTERPOSE int _IO_fflush(FILE *f) { CAPR_MONITOR; return fflush(f); }

/* What libc's own end of the program would write while nobody else runs. Not of FILEs that somebody is in the middle of. */
__attribute__((destructor(101))) static void flush_at_exit(void) {
    if (!capr__may_switch()) return;
    size_t count;
    FILE **list = capr__files_pending(&count);
    for (size_t i = 0; i < count; i++)
        if (capr__file_exists(list[i]) && capr__file_free(list[i])) write_out(list[i]);
    free(list);
}

/* Called by fclose and freopen (io/closed_by_libc.c) where this object is part of the program. */
CAPR_HIDDEN void capr__file_before_close(FILE *f) {
    struct capr_file_lock *l = capr__file_enter(f);
    drain(f, l);
    capr__file_leave(l);
}

/* setvbuf(3) and its relatives. */
CAPR_INTERPOSE int setvbuf(FILE *restrict f, char *restrict buffer, int mode, size_t size) {
    CAPR_MONITOR;
    struct capr_file_lock *l = capr__file_enter(f);
    drain(f, l);
    int r = capr__libc_setvbuf(f, buffer, mode, size);
    capr__file_leave(l);
    return r;
}

CAPR_INTERPOSE void setbuf(FILE *restrict f, char *restrict buffer) { CAPR_MONITOR; setvbuf(f, buffer, buffer ? _IOFBF : _IONBF, BUFSIZ); }
CAPR_INTERPOSE void setbuffer(FILE *restrict f, char *restrict buffer, size_t size) {
    CAPR_MONITOR;
    setvbuf(f, buffer, buffer ? _IOFBF : _IONBF, size);
}
CAPR_INTERPOSE void setlinebuf(FILE *f) { CAPR_MONITOR; setvbuf(f, NULL, _IOLBF, 0); }

/* fseek(3), ftell(3) and their relatives. Block. */
CAPR_INTERPOSE int fseeko(FILE *f, off_t offset, int whence) {
    CAPR_MONITOR;
    struct capr_file_lock *l = capr__file_enter(f);
    int r = drain(f, l);
    if (!r) r = capr__libc_seek(f, offset, whence);
    capr__file_leave(l);
    return r;
}

CAPR_INTERPOSE int fseek(FILE *f, long offset, int whence) { CAPR_MONITOR; return fseeko(f, offset, whence); }
CAPR_INTERPOSE int fseeko64(FILE *f, off64_t offset, int whence) { CAPR_MONITOR; return fseeko(f, offset, whence); }

CAPR_INTERPOSE off_t ftello(FILE *f) {
    CAPR_MONITOR;
    struct capr_file_lock *l = capr__file_enter(f);
    off_t r = capr__libc_tell(f);
    capr__file_leave(l);
    return r;
}

CAPR_INTERPOSE long ftell(FILE *f) { CAPR_MONITOR; return ftello(f); }
CAPR_INTERPOSE off64_t ftello64(FILE *f) { CAPR_MONITOR; return ftello(f); }

CAPR_INTERPOSE void rewind(FILE *f) {
    CAPR_MONITOR;
    struct capr_file_lock *l = capr__file_enter(f);
    drain(f, l);
    capr__libc_rewind(f);
    capr__file_leave(l);
}

CAPR_INTERPOSE int fgetpos(FILE *restrict f, fpos_t *restrict position) {
    CAPR_MONITOR;
    struct capr_file_lock *l = capr__file_enter(f);
    int r = capr__libc_getpos(f, position);
    capr__file_leave(l);
    return r;
}

CAPR_INTERPOSE int fsetpos(FILE *f, const fpos_t *position) {
    CAPR_MONITOR;
    struct capr_file_lock *l = capr__file_enter(f);
    int r = drain(f, l);
    if (!r) r = capr__libc_setpos(f, position);
    capr__file_leave(l);
    return r;
}

CAPR_INTERPOSE int fgetpos64(FILE *restrict f, fpos64_t *restrict position) { CAPR_MONITOR; return fgetpos(f, (fpos_t *)position); }
CAPR_INTERPOSE int fsetpos64(FILE *f, const fpos64_t *position) { CAPR_MONITOR; return fsetpos(f, (const fpos_t *)position); }
