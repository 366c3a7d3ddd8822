/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * FILE over what makes one wait. libc's stdio makes its system calls inside of libc, where they stop the worker, and its locks
 * know kernel threads only, of which all threads of a worker are one: two of them would get into one FILE. So the calls that a
 * program makes are ours. They work on libc's own FILE, whose buffer is public (getc has been a macro): where the buffer does, it
 * is used in place; where it does not, we read or write the descriptor as read(2) and write(2) do here, and leave the FILE as
 * libc's own code would. Whatever is no plain FILE over a descriptor (memory streams, fopencookie, wide characters) is libc's as
 * before.
 *
 * What is out of the ordinary for a FILE (a push-back area, a change from writing to reading) is done by libc's functions, once
 * it is certain that they need not wait.
 */
#ifndef CAPR_FILE_H
#define CAPR_FILE_H

#include <stdarg.h>
#include <stdio.h>

#include "../graph/call_back.h"
#include "../io/fd.h"

/* Bits of FILE._flags that <stdio.h> does not name. glibc's libio.h has had them since 2.1. */
#define CAPR_FILE_UNBUFFERED 0x2
#define CAPR_FILE_NO_READS 0x4
#define CAPR_FILE_NO_WRITES 0x8
#define CAPR_FILE_EOF 0x10
#define CAPR_FILE_ERROR 0x20
#define CAPR_FILE_IN_BACKUP 0x100
#define CAPR_FILE_LINE_BUFFERED 0x200
#define CAPR_FILE_WRITING 0x800

/* A thread's hold on a FILE, for as long as a call of its own, or from flockfile to funlockfile. */
struct capr_file_lock {
    struct capr_file_lock *next; /* in its bucket, or free */
    FILE *file;
    struct capr_thread *owner;
    uint32_t depth;
    struct capr_queue queue;     /* who waits for it */
};

/* lock.c ------------------------------------------------------------------------------------------------------------------ */

extern CAPR_HIDDEN uint32_t capr__files_locked; /* holds that there are */

/* The hold on `f`, or NULL: nobody's. */
CAPR_HIDDEN struct capr_file_lock *capr__file_holder(const FILE *f);

/* Whether the caller may use the buffer now: nobody else is in the middle of something there. Nothing that it does then may give
 * way. */
CAPR_INLINE int capr__file_free(const FILE *f) {
    if (__builtin_expect(!capr__may_switch(), 0)) return 0;
    if (__builtin_expect(!capr__files_locked, 1)) return 1;
    const struct capr_file_lock *l = capr__file_holder(f);
    return !l || l->owner == capr__self();
}

/* Takes hold of `f`, waiting for who has it. NULL where nothing may give way: libc's locks hold there. Blocks. */
CAPR_HIDDEN struct capr_file_lock *capr__file_enter(FILE *f);
CAPR_HIDDEN void capr__file_leave(struct capr_file_lock *l);

/* drain.c ----------------------------------------------------------------------------------------------------------------- */

/* The record of what is under `f`, if reading or writing it may wait and is ours to do; else NULL: libc does it. */
CAPR_HIDDEN struct capr_fd *capr__file_under(FILE *f, int writing);

/* Writes what the buffer has. Returns 0, or EOF and the FILE's flag, errno. Blocks. */
CAPR_HIDDEN int capr__file_drain(FILE *f, struct capr_fd *d);

/* Writes as fwrite does. Returns bytes. Blocks. */
CAPR_HIDDEN size_t capr__file_put(FILE *f, struct capr_fd *d, const char *from, size_t n);

/* Notes -errno in the FILE and in errno; what cancellation ended is nobody's error. Returns EOF. */
CAPR_HIDDEN int capr__file_failed(FILE *f, long error);

/* Ends a call that may wait: `f` is free again, then cancellation takes effect if it cut the call short. `d`: what was under the FILE;
 * where libc made the call, nobody knows whether it asked the kernel. */
CAPR_INLINE void capr__file_end(struct capr_file_lock *l, const struct capr_fd *d);

/* The thread, if any, whose call cancellation kept from asking the kernel, or whose wait it ended: to be heeded once its FILE is free.
 * As natively, what the buffer serves is no cancellation point, and what has been moved is not lost. */
extern CAPR_HIDDEN struct capr_thread *capr__file_cut;

CAPR_INLINE int capr__file_was_cut(void) { return capr__file_cut && capr__file_cut == capr__self(); }

/* Before the kernel is asked: whether the call is to end with -EINTR. */
CAPR_INLINE int capr__file_cancelled(void) { return __builtin_expect(capr__cancel_due(capr__self()), 0); }

/* fill.c ------------------------------------------------------------------------------------------------------------------ */

/* Reads into the empty buffer. Returns 1, or 0 at the end or on an error (the FILE's flags, errno). Blocks. */
CAPR_HIDDEN int capr__file_fill(FILE *f, struct capr_fd *d);

/* Reads past the buffer, which is empty, up to n bytes at once. Returns bytes, 0 as above. Blocks. */
CAPR_HIDDEN size_t capr__file_read(FILE *f, struct capr_fd *d, char *to, size_t n);

/* plain.c: libc's own, and what needs it ------------------------------------------------------------------------------------ */

/* Whether libc's code for plain files is under `f`, byte by byte. */
CAPR_HIDDEN int capr__file_is_plain(FILE *f);

/* Gets `f` ready to read into its buffer, or to write. 0, or EOF and flags. Nothing waits. */
CAPR_HIDDEN int capr__file_reading(FILE *f);
CAPR_HIDDEN int capr__file_writing(FILE *f);

/* 1 if a read of libc's own would find bytes without asking the kernel: what ungetc pushed back is not all. */
CAPR_HIDDEN int capr__file_has_more(const FILE *f);

/* Frees the push-back area, which is empty, as is the buffer. */
CAPR_HIDDEN void capr__file_forget_backup(FILE *f);

/* A step of libc's on `f`, or on all FILEs (NULL). On one that is not of libc's own kind it may call the program, where fopencookie gave it
 * functions, which runs outside as all of the program does. */
#define CAPR_LIBC_STEP(f, call)                                                                                                        \
    (__extension__({                                                                                                                   \
        FILE *of_ = (f);                                                                                                               \
        CAPR_OUTSIDE_IF(of_ && !capr__file_is_plain(of_), CAPR_CALLS_BACK(call));                                                      \
    }))

CAPR_HIDDEN int capr__libc_getc(FILE *f);
CAPR_HIDDEN int capr__libc_underflow(FILE *f);
CAPR_HIDDEN int capr__libc_ungetc(int c, FILE *f);
CAPR_HIDDEN char *capr__libc_gets(char *s, int n, FILE *f);
CAPR_HIDDEN size_t capr__libc_read(void *to, size_t size, size_t count, FILE *f);
CAPR_HIDDEN ssize_t capr__libc_getdelim(char **line, size_t *size, int delimiter, FILE *f);
CAPR_HIDDEN int capr__libc_putc(int c, FILE *f);
CAPR_HIDDEN size_t capr__libc_write(const void *from, size_t size, size_t count, FILE *f);
CAPR_HIDDEN int capr__libc_overflow(FILE *f, int c);
CAPR_HIDDEN int capr__libc_flush(FILE *f);
CAPR_HIDDEN int capr__libc_print(FILE *f, int flag, const char *format, va_list ap);

/* Formats into `room` bytes at `to`, or, if that is too small and `heap` is not NULL, into memory that the caller frees (*heap).
 * Returns bytes as snprintf does, -1 and errno. `flag`: _FORTIFY_SOURCE's, -1 for none. */
CAPR_HIDDEN int capr__format(char *to, size_t room, char **heap, int flag, const char *format, va_list ap);

CAPR_INLINE void capr__file_end(struct capr_file_lock *l, const struct capr_fd *d) {
    capr__file_leave(l);
    if (__builtin_expect(d && !capr__file_was_cut(), 1)) return;
    capr__file_cut = NULL;
    capr__cancel_point();
}

#endif
