/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * libc's own stdio, whose names the executable has taken, for FILEs that never wait and for what libc does best; and its internal
 * steps that do not wait. Plain code.
 */
#include "file.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#include "../graph/heap.h"
#include "../proc/message.h"

#define REAL(name)                                                                                                                 \
    ({                                                                                                                             \
        static __typeof__(name) *real_;                                                                                            \
        if (!real_) real_ = (__typeof__(name) *)dlsym(RTLD_NEXT, #name);                                                           \
        real_;                                                                                                                     \
    })

/* Exported by libc to the macros of its header and to old programs. */
extern int __underflow(FILE *f);
extern int __overflow(FILE *f, int c);
extern void _IO_doallocbuf(FILE *f);
extern void _IO_free_backup_area(FILE *f);
extern int _IO_switch_to_get_mode(FILE *f);
extern int __vsnprintf_chk(char *to, size_t room, int flag, size_t size, const char *format, va_list ap);
extern int __vfprintf_chk(FILE *f, int flag, const char *format, va_list ap);

/* Right behind the public part lies the address of the functions that a FILE is made of. */
static_assert(sizeof(FILE) == 216, "glibc's ABI");

CAPR_HIDDEN FILE *capr__libc_fopen(const char *path, const char *mode) { return REAL(fopen)(path, mode); }

CAPR_HIDDEN int capr__file_is_plain(FILE *f) {
    static void *plain;
    if (!plain && !(plain = dlsym(RTLD_DEFAULT, "_IO_file_jumps"))) plain = (void *)1; /* another libc: nothing is ours */
    return *(void **)(f + 1) == plain && f->_fileno >= 0 && f->_mode <= 0;
}

CAPR_HIDDEN struct capr_file_lock *capr__file_locks_more(void) {
    enum { N = 64 };
    static struct capr_file_lock first[N]; /* a program without memory can say so */
    static int used;
    struct capr_file_lock *l = used ? calloc(N, sizeof *l) : first;
    used = 1;
    if (!l) capr__fatal_thread("out of memory for the lock of a FILE; raise the memory limit (ulimit -v, cgroup)");
    for (int i = 0; i + 1 < N; i++) l[i].next = &l[i + 1];
    return l;
}

CAPR_HIDDEN int capr__file_reading(FILE *f) {
    if (f->_flags & CAPR_FILE_NO_READS) {
        f->_flags |= CAPR_FILE_ERROR;
        errno = EBADF;
        return EOF;
    }
    if (f->_mode == 0) f->_mode = -1;
    if (!f->_IO_buf_base) _IO_doallocbuf(f);
    return f->_flags & CAPR_FILE_WRITING ? _IO_switch_to_get_mode(f) : 0; /* which has nothing left to write */
}

CAPR_HIDDEN int capr__file_writing(FILE *f) {
    if ((f->_flags & CAPR_FILE_WRITING) && f->_IO_buf_base) return 0;
    return REAL(__overflow)(f, EOF); /* which has nothing to write */
}

/* While the push-back area is in use, the other fields stand for the buffer. */
CAPR_HIDDEN int capr__file_has_more(const FILE *f) { return (f->_flags & CAPR_FILE_IN_BACKUP) && f->_IO_save_end > f->_IO_save_base; }

CAPR_HIDDEN void capr__file_forget_backup(FILE *f) { _IO_free_backup_area(f); }

CAPR_HIDDEN int capr__libc_getc(FILE *f) { return CAPR_LIBC_STEP(f, REAL(fgetc)(f)); }
CAPR_HIDDEN int capr__libc_underflow(FILE *f) { return CAPR_LIBC_STEP(f, __underflow(f)); }
CAPR_HIDDEN int capr__libc_ungetc(int c, FILE *f) { return CAPR_LIBC_STEP(f, REAL(ungetc)(c, f)); }
CAPR_HIDDEN char *capr__libc_gets(char *s, int n, FILE *f) { return CAPR_LIBC_STEP(f, REAL(fgets)(s, n, f)); }
CAPR_HIDDEN size_t capr__libc_read(void *to, size_t size, size_t count, FILE *f) { return CAPR_LIBC_STEP(f, REAL(fread)(to, size, count, f)); }
CAPR_HIDDEN ssize_t capr__libc_getdelim(char **line, size_t *size, int delimiter, FILE *f) {
    /* The line may move, in libc, where the pass sees no call. */
    if (capr__worker.armed && line && size && *size) capr__heap_given(*line); /* with a size of 0, *line may be anything */
    ssize_t r = CAPR_LIBC_STEP(f, REAL(getdelim)(line, size, delimiter, f));
    if (capr__worker.armed && line && size && *size) capr__heap_taken(*line);
    return r;
}
CAPR_HIDDEN int capr__libc_putc(int c, FILE *f) { return CAPR_LIBC_STEP(f, REAL(fputc)(c, f)); }
CAPR_HIDDEN size_t capr__libc_write(const void *from, size_t size, size_t count, FILE *f) { return CAPR_LIBC_STEP(f, REAL(fwrite)(from, size, count, f)); }
CAPR_HIDDEN int capr__libc_overflow(FILE *f, int c) { return CAPR_LIBC_STEP(f, REAL(__overflow)(f, c)); }
CAPR_HIDDEN int capr__libc_flush(FILE *f) { return CAPR_LIBC_STEP(f, REAL(fflush)(f)); }
CAPR_HIDDEN int capr__libc_print(FILE *f, int flag, const char *format, va_list ap) {
    return CAPR_LIBC_STEP(f, flag < 0 ? REAL(vfprintf)(f, format, ap) : REAL(__vfprintf_chk)(f, flag, format, ap));
}

static int format_once(char *to, size_t room, int flag, const char *format, va_list ap) {
    return flag < 0 ? vsnprintf(to, room, format, ap) : __vsnprintf_chk(to, room, flag, (size_t)-1, format, ap);
}

CAPR_HIDDEN int capr__format(char *to, size_t room, char **heap, int flag, const char *format, va_list ap) {
    va_list again;
    va_copy(again, ap);
    if (heap) *heap = NULL;
    int n = format_once(to, room, flag, format, ap);
    if (heap && n >= 0 && (size_t)n >= room) {
        *heap = malloc((size_t)n + 1);
        if (*heap)
            n = format_once(*heap, (size_t)n + 1, flag, format, again);
        else
            n = -1;
    }
    va_end(again);
    return n;
}
