/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Reading from a FILE: what the buffer has is taken in place, without a lock, since nothing gives way meanwhile; more is waited
 * for with a hold on the FILE. A thread that waits in fgets costs its own small stack. Fat code.
 */
#include <stdlib.h>
#include <string.h>

#include "file.h"

CAPR_INLINE size_t buffered(const FILE *f) { return (size_t)(f->_IO_read_end - f->_IO_read_ptr); }

static __attribute__((noinline)) int slow_getc(FILE *f, int locked) {
    struct capr_file_lock *l = locked ? capr__file_enter(f) : NULL;
    struct capr_fd *d = capr__file_under(f, 0);
    int c;
    if (!d)
        c = capr__libc_getc(f);
    else
        c = buffered(f) || capr__file_fill(f, d) ? (unsigned char)*f->_IO_read_ptr++ : EOF;
    capr__file_end(l, d);
    return c;
}

/* fgetc(3) under all its names. Blocks. */
CAPR_INLINE int get(FILE *f, int locked) {
    if (__builtin_expect(f->_IO_read_ptr < f->_IO_read_end && f->_mode <= 0 && capr__file_free(f), 1))
        return (unsigned char)*f->_IO_read_ptr++;
    return slow_getc(f, locked);
}

CAPR_INTERPOSE int fgetc(FILE *f) { CAPR_MONITOR; return get(f, 1); }
CAPR_INTERPOSE int(getc)(FILE *f) { CAPR_MONITOR; return get(f, 1); }
CAPR_INTERPOSE int _IO_getc(FILE *f) { CAPR_MONITOR; return get(f, 1); }
CAPR_INTERPOSE int(getchar)(void) { CAPR_MONITOR; return get(stdin, 1); }
CAPR_INTERPOSE int(fgetc_unlocked)(FILE *f) { CAPR_MONITOR; return get(f, 0); }
CAPR_INTERPOSE int(getc_unlocked)(FILE *f) { CAPR_MONITOR; return get(f, 0); }
CAPR_INTERPOSE int(getchar_unlocked)(void) { CAPR_MONITOR; return get(stdin, 0); }

/* What the macros of <stdio.h> call when the buffer is empty. */
CAPR_INTERPOSE int __uflow(FILE *f) { CAPR_MONITOR; return slow_getc(f, 0); }

/* ungetc(3). */
CAPR_INTERPOSE int ungetc(int c, FILE *f) {
    CAPR_MONITOR;
    struct capr_file_lock *l = capr__file_enter(f);
    int r = capr__libc_ungetc(c, f);
    capr__file_leave(l);
    return r;
}

/* Takes from the buffer what belongs to a line that may have n more bytes. Returns bytes; *end: that was the end of it. */
CAPR_INLINE size_t take_line(FILE *f, char *to, size_t n, int delimiter, int *end) {
    size_t have = buffered(f);
    if (have > n) have = n;
    char *last = memchr(f->_IO_read_ptr, delimiter, have);
    *end = last != NULL;
    if (last) have = (size_t)(last + 1 - f->_IO_read_ptr);
    memcpy(to, f->_IO_read_ptr, have);
    f->_IO_read_ptr += have;
    return have;
}

static __attribute__((noinline)) char *slow_gets(char *s, int n, FILE *f, int locked) {
    struct capr_file_lock *l = locked ? capr__file_enter(f) : NULL;
    struct capr_fd *d = n > 1 ? capr__file_under(f, 0) : NULL;
    if (!d) {
        s = capr__libc_gets(s, n, f);
    } else {
        /* As in libc: an error of before says nothing about this line, and EAGAIN leaves what there was of it. */
        int before = f->_flags & CAPR_FILE_ERROR, end = 0;
        size_t used = 0, room = (size_t)n - 1;
        f->_flags &= ~CAPR_FILE_ERROR;
        while (!end && used < room && (buffered(f) || capr__file_fill(f, d))) used += take_line(f, s + used, room - used, '\n', &end);
        s[used] = 0;
        if (used == 0 || ((f->_flags & CAPR_FILE_ERROR) && errno != EAGAIN)) s = NULL;
        f->_flags |= before;
    }
    capr__file_end(l, d);
    return s;
}

/* fgets(3). Blocks. */
CAPR_INLINE char *gets_from(char *s, int n, FILE *f, int locked) {
    size_t room = (size_t)(n > 0 ? n - 1 : 0), have = buffered(f);
    /* A whole line is there. */
    if (__builtin_expect(have && room && f->_mode <= 0 && capr__file_free(f), 1)) {
        if (have > room) have = room;
        if (have == room || memchr(f->_IO_read_ptr, '\n', have)) {
            int end;
            s[take_line(f, s, room, '\n', &end)] = 0;
            return s;
        }
    }
    return slow_gets(s, n, f, locked);
}

CAPR_INTERPOSE char *fgets(char *restrict s, int n, FILE *restrict f) { CAPR_MONITOR; return gets_from(s, n, f, 1); }
CAPR_INTERPOSE char *fgets_unlocked(char *restrict s, int n, FILE *restrict f) { CAPR_MONITOR; return gets_from(s, n, f, 0); }

/* fread(3). Blocks. */
static __attribute__((noinline)) size_t slow_read(char *to, size_t size, size_t count, FILE *f, int locked) {
    struct capr_file_lock *l = locked ? capr__file_enter(f) : NULL;
    struct capr_fd *d = capr__file_under(f, 0);
    size_t n = size * count, done = 0;
    if (!d) {
        done = capr__libc_read(to, size, count, f);
        capr__file_end(l, d);
        return done;
    }
    while (done < n) {
        size_t have = buffered(f), left = n - done;
        if (have) {
            if (have > left) have = left;
            memcpy(to + done, f->_IO_read_ptr, have);
            f->_IO_read_ptr += have;
            done += have;
        } else if (f->_IO_buf_base && left >= (size_t)(f->_IO_buf_end - f->_IO_buf_base)) {
            size_t r = capr__file_read(f, d, to + done, left);
            if (!r) break;
            done += r;
        } else if (!capr__file_fill(f, d)) {
            break;
        }
    }
    capr__file_end(l, d);
    return done == n ? count : done / size;
}

CAPR_INLINE size_t read_from(void *to, size_t size, size_t count, FILE *f, int locked) {
    size_t n;
    if (__builtin_mul_overflow(size, count, &n) || n == 0) return n ? capr__libc_read(to, size, count, f) : 0;
    if (__builtin_expect(n <= buffered(f) && f->_mode <= 0 && capr__file_free(f), 1)) {
        memcpy(to, f->_IO_read_ptr, n);
        f->_IO_read_ptr += n;
        return count;
    }
    return slow_read(to, size, count, f, locked);
}

CAPR_INTERPOSE size_t fread(void *restrict to, size_t size, size_t count, FILE *restrict f) { CAPR_MONITOR; return read_from(to, size, count, f, 1); }
CAPR_INTERPOSE size_t(fread_unlocked)(void *restrict to, size_t size, size_t count, FILE *restrict f) {
    CAPR_MONITOR;
    return read_from(to, size, count, f, 0);
}

CAPR_INTERPOSE int getw(FILE *f) {
    CAPR_MONITOR;
    int w;
    return fread(&w, sizeof w, 1, f) == 1 ? w : EOF;
}

/* getdelim(3), getline(3). Block. */
static __attribute__((noinline)) ssize_t lines(char **line, size_t *size, int delimiter, FILE *f, struct capr_fd *d) {
    size_t used = 0;
    int end = 0;
    if (!*line) *size = 0;
    while (!end && (buffered(f) || capr__file_fill(f, d))) {
        size_t need = used + buffered(f) + 1;
        if (need > *size) {
            if (need < 2 * *size) need = 2 * *size;
            if (need < 120) need = 120; /* as libc's first */
            char *more = realloc(*line, need);
            if (!more) return -1;
            *line = more;
            *size = need;
        }
        used += take_line(f, *line + used, buffered(f), delimiter, &end);
    }
    if (used == 0) return -1;
    (*line)[used] = 0;
    return (ssize_t)used;
}

CAPR_INTERPOSE ssize_t getdelim(char **restrict line, size_t *restrict size, int delimiter, FILE *restrict f) {
    CAPR_MONITOR;
    struct capr_file_lock *l = capr__file_enter(f);
    struct capr_fd *d = line && size ? capr__file_under(f, 0) : NULL;
    ssize_t r = d ? lines(line, size, delimiter, f, d) : capr__libc_getdelim(line, size, delimiter, f);
    capr__file_end(l, d);
    return r;
}

CAPR_INTERPOSE ssize_t __getdelim(char **restrict line, size_t *restrict size, int delimiter, FILE *restrict f) {
    CAPR_MONITOR;
    return getdelim(line, size, delimiter, f);
}
CAPR_INTERPOSE ssize_t(getline)(char **restrict line, size_t *restrict size, FILE *restrict f) {
    CAPR_MONITOR;
    return getdelim(line, size, '\n', f);
}

/* What _FORTIFY_SOURCE makes of them: `room` is the buffer's size. */
extern _Noreturn void __chk_fail(void);

CAPR_INTERPOSE char *__fgets_chk(char *restrict s, size_t room, int n, FILE *restrict f) {
    CAPR_MONITOR;
    if (n > 0 && (size_t)n > room) __chk_fail();
    return fgets(s, n, f);
}
CAPR_INTERPOSE char *__fgets_unlocked_chk(char *restrict s, size_t room, int n, FILE *restrict f) {
    CAPR_MONITOR;
    if (n > 0 && (size_t)n > room) __chk_fail();
    return fgets_unlocked(s, n, f);
}
CAPR_INTERPOSE size_t __fread_chk(void *restrict to, size_t room, size_t size, size_t count, FILE *restrict f) {
    CAPR_MONITOR;
    size_t n;
    if (__builtin_mul_overflow(size, count, &n) || n > room) __chk_fail();
    return fread(to, size, count, f);
}
CAPR_INTERPOSE size_t __fread_unlocked_chk(void *restrict to, size_t room, size_t size, size_t count, FILE *restrict f) {
    CAPR_MONITOR;
    size_t n;
    if (__builtin_mul_overflow(size, count, &n) || n > room) __chk_fail();
    return read_from(to, size, count, f, 0);
}
