/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Writing to a FILE: into its buffer while there is room, in place; else with a hold on the FILE. The printf family formats into
 * the buffer, or into memory of its own where that is too small. All in one object: the compiler makes one of these calls of
 * another after the linker has chosen. Fat code.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "file.h"

/* Bytes that may be put into the buffer and nothing else: it is in use for writing, and no line ends a wait (libc keeps
 * write_end at the buffer's start otherwise). */
CAPR_INLINE size_t room_of(const FILE *f) {
    return (f->_flags & CAPR_FILE_WRITING) && f->_mode < 0 && f->_IO_write_end > f->_IO_write_ptr
               ? (size_t)(f->_IO_write_end - f->_IO_write_ptr)
               : 0;
}

CAPR_INLINE size_t write_held(const char *from, size_t n, FILE *f, struct capr_fd *d) {
    return d ? capr__file_put(f, d, from, n) : capr__libc_write(from, 1, n, f);
}

/* Each function that prints could come here, and few threads ever wait here: who comes gets the room then. */
CAPR_CHECKPOINT static __attribute__((noinline)) size_t slow_write(const char *from, size_t n, FILE *f, int locked) {
    struct capr_file_lock *l = locked ? capr__file_enter(f) : NULL;
    struct capr_fd *d = capr__file_under(f, 1);
    size_t r = write_held(from, n, f, d);
    capr__file_end(l, d);
    return r;
}

/* Held over both pieces, so that no other thread's come between them; cancellation takes effect only after. */
CAPR_CHECKPOINT static __attribute__((noinline)) int slow_puts(const char *s, size_t n, FILE *f) {
    struct capr_file_lock *l = capr__file_enter(f);
    struct capr_fd *d = capr__file_under(f, 1);
    int done = write_held(s, n, f, d) == n && write_held("\n", 1, f, d) == 1;
    capr__file_end(l, d);
    return done;
}

CAPR_INLINE size_t put(const char *from, size_t n, FILE *f, int locked) {
    if (__builtin_expect(n < room_of(f) && capr__file_free(f), 1)) {
        memcpy(f->_IO_write_ptr, from, n);
        f->_IO_write_ptr += n;
        return n;
    }
    return slow_write(from, n, f, locked);
}

CAPR_INLINE int put_byte(int c, FILE *f, int locked) {
    if (__builtin_expect(room_of(f) > 1 && capr__file_free(f), 1)) return (unsigned char)(*f->_IO_write_ptr++ = (char)c);
    char byte = (char)c;
    return slow_write(&byte, 1, f, locked) == 1 ? (unsigned char)c : EOF;
}

/* fputc(3) under all its names. Blocks. */
CAPR_INTERPOSE int fputc(int c, FILE *f) { CAPR_MONITOR; return put_byte(c, f, 1); }
CAPR_INTERPOSE int(putc)(int c, FILE *f) { CAPR_MONITOR; return put_byte(c, f, 1); }
CAPR_INTERPOSE int _IO_putc(int c, FILE *f) { CAPR_MONITOR; return put_byte(c, f, 1); }
CAPR_INTERPOSE int(putchar)(int c) { CAPR_MONITOR; return put_byte(c, stdout, 1); }
CAPR_INTERPOSE int(fputc_unlocked)(int c, FILE *f) { CAPR_MONITOR; return put_byte(c, f, 0); }
CAPR_INTERPOSE int(putc_unlocked)(int c, FILE *f) { CAPR_MONITOR; return put_byte(c, f, 0); }
CAPR_INTERPOSE int(putchar_unlocked)(int c) { CAPR_MONITOR; return put_byte(c, stdout, 0); }

/* What the macros of <stdio.h> call when the buffer is full; EOF: only to write it out. */
CAPR_INTERPOSE int __overflow(FILE *f, int c) {
    CAPR_MONITOR;
    struct capr_fd *d = capr__file_under(f, 1);
    if (!d) return capr__libc_overflow(f, c);
    char byte = (char)c;
    int r = c == EOF ? capr__file_drain(f, d) : capr__file_put(f, d, &byte, 1) == 1 ? (unsigned char)c : EOF;
    capr__file_end(NULL, d);
    return r;
}

/* fwrite(3). Blocks. */
CAPR_INLINE size_t write_to(const void *from, size_t size, size_t count, FILE *f, int locked) {
    size_t n;
    if (__builtin_mul_overflow(size, count, &n)) return capr__libc_write(from, size, count, f);
    if (n == 0) return 0;
    size_t r = put(from, n, f, locked);
    return r == n ? count : r / size;
}

CAPR_INTERPOSE size_t fwrite(const void *restrict from, size_t size, size_t count, FILE *restrict f) {
    CAPR_MONITOR;
    return write_to(from, size, count, f, 1);
}
CAPR_INTERPOSE size_t(fwrite_unlocked)(const void *restrict from, size_t size, size_t count, FILE *restrict f) {
    CAPR_MONITOR;
    return write_to(from, size, count, f, 0);
}

CAPR_INTERPOSE int putw(int w, FILE *f) { CAPR_MONITOR; return put((const char *)&w, sizeof w, f, 1) == sizeof w ? 0 : EOF; }

/* fputs(3), puts(3). Block. */
CAPR_INTERPOSE int fputs(const char *restrict s, FILE *restrict f) {
    CAPR_MONITOR;
    size_t n = strlen(s);
    return put(s, n, f, 1) == n ? 1 : EOF;
}
CAPR_INTERPOSE int fputs_unlocked(const char *restrict s, FILE *restrict f) {
    CAPR_MONITOR;
    size_t n = strlen(s);
    return put(s, n, f, 0) == n ? 1 : EOF;
}

CAPR_INTERPOSE int puts(const char *s) {
    CAPR_MONITOR;
    FILE *f = stdout;
    size_t n = strlen(s);
    if (__builtin_expect(n + 1 < room_of(f) && capr__file_free(f), 1)) {
        memcpy(f->_IO_write_ptr, s, n);
        f->_IO_write_ptr[n] = '\n';
        f->_IO_write_ptr += n + 1;
        return n < 0x7fffffff ? (int)n + 1 : 0x7fffffff;
    }
    return !slow_puts(s, n, f) ? EOF : n < 0x7fffffff ? (int)n + 1 : 0x7fffffff;
}

CAPR_CHECKPOINT static __attribute__((noinline)) int slow_print(FILE *f, int flag, const char *format, va_list ap) {
    char *heap;
    struct capr_file_lock *l = capr__file_enter(f);
    struct capr_fd *d = capr__file_under(f, 1);
    int n;
    if (!d) {
        n = capr__libc_print(f, flag, format, ap);
    } else {
        n = capr__format(NULL, 0, &heap, flag, format, ap);
        if (n >= 0 && capr__file_put(f, d, heap, (size_t)n) < (size_t)n) n = -1;
        free(heap);
    }
    capr__file_end(l, d);
    return n;
}

/* The printf family. `flag`: _FORTIFY_SOURCE's, -1 for none. Blocks. */
static __attribute__((noinline)) int print(FILE *f, int flag, const char *format, va_list ap) {
    size_t room = room_of(f);
    if (room > 1 && capr__file_free(f)) { /* formatting does not give way, and leaves nothing behind unless all of it fits */
        va_list first;
        va_copy(first, ap);
        int n = capr__format(f->_IO_write_ptr, room, NULL, flag, format, first);
        va_end(first);
        if (n >= 0 && (size_t)n < room) {
            f->_IO_write_ptr += n;
            return n;
        }
    }
    return slow_print(f, flag, format, ap);
}

#define PRINT(f, flag)                                                                                                             \
    va_list ap;                                                                                                                    \
    va_start(ap, format);                                                                                                          \
    int n = print(f, flag, format, ap);                                                                                            \
    va_end(ap);                                                                                                                    \
    return n

CAPR_INTERPOSE int vfprintf(FILE *restrict f, const char *restrict format, va_list ap) { CAPR_MONITOR; return print(f, -1, format, ap); }
CAPR_INTERPOSE int(vprintf)(const char *restrict format, va_list ap) { CAPR_MONITOR; return print(stdout, -1, format, ap); }
CAPR_INTERPOSE int fprintf(FILE *restrict f, const char *restrict format, ...) { CAPR_MONITOR; PRINT(f, -1); }
CAPR_INTERPOSE int printf(const char *restrict format, ...) { CAPR_MONITOR; PRINT(stdout, -1); }
CAPR_INTERPOSE int __vfprintf_chk(FILE *restrict f, int flag, const char *restrict format, va_list ap) {
    CAPR_MONITOR;
    return print(f, flag, format, ap);
}
CAPR_INTERPOSE int __vprintf_chk(int flag, const char *restrict format, va_list ap) { CAPR_MONITOR; return print(stdout, flag, format, ap); }
CAPR_INTERPOSE int __fprintf_chk(FILE *restrict f, int flag, const char *restrict format, ...) { CAPR_MONITOR; PRINT(f, flag); }
CAPR_INTERPOSE int __printf_chk(int flag, const char *restrict format, ...) { CAPR_MONITOR; PRINT(stdout, flag); }
