/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The scanf family: its parser reads byte by byte inside of libc. Where that may wait, libc gets a FILE whose bytes come one at a
 * time from the real one by our calls, and what it has read too much of goes back. A thread that waits here keeps a big stack.
 * Plain code.
 */
#include "file.h"

#include <dlfcn.h>

extern int __isoc99_vfscanf(FILE *f, const char *format, va_list ap);

typedef int scanner(FILE *f, const char *format, va_list ap);

static scanner *libcs(int c99) {
    static scanner *found[2];
    if (!found[c99]) found[c99] = (scanner *)dlsym(RTLD_NEXT, c99 ? "__isoc99_vfscanf" : "vfscanf");
    return found[c99];
}

struct source {
    FILE *file;
    struct capr_fd *under;
    int ended; /* no more bytes, only what was pushed back */
};

static ssize_t one_byte(void *cookie, char *to, size_t n) {
    struct source *s = cookie;
    FILE *f = s->file;
    if (s->ended || n == 0) return 0;
    if (f->_IO_read_ptr == f->_IO_read_end && !capr__file_fill(f, s->under)) return f->_flags & CAPR_FILE_ERROR ? -1 : 0;
    *to = *f->_IO_read_ptr++;
    return 1;
}

static int scan(FILE *f, int c99, const char *format, va_list ap) {
    struct capr_file_lock *l = capr__file_enter(f);
    struct source s = {f, capr__file_under(f, 0), 0};
    FILE *bytes = s.under ? fopencookie(&s, "r", (cookie_io_functions_t){.read = one_byte}) : NULL;
    int r;
    if (!bytes) {
        r = CAPR_LIBC_STEP(f, libcs(c99)(f, format, ap));
    } else {
        r = libcs(c99)(bytes, format, ap);
        int e = errno, c;
        s.ended = 1;
        clearerr(bytes);
        while ((c = capr__libc_getc(bytes)) != EOF) { /* no place to be cancelled at */
            if (f->_IO_read_ptr > f->_IO_read_base && (unsigned char)f->_IO_read_ptr[-1] == c)
                f->_IO_read_ptr--;
            else
                ungetc(c, f);
        }
        fclose(bytes);
        errno = e;
    }
    capr__file_end(l, bytes ? s.under : NULL);
    return r;
}

#define SCAN(f, c99)                                                                                                               \
    va_list ap;                                                                                                                    \
    va_start(ap, format);                                                                                                          \
    int r = scan(f, c99, format, ap);                                                                                              \
    va_end(ap);                                                                                                                    \
    return r

/* fscanf(3) and its relatives, under the names that <stdio.h> gives them for each standard. Block. */
CAPR_INTERPOSE int __isoc99_vfscanf(FILE *restrict f, const char *restrict format, va_list ap) { CAPR_MONITOR; return scan(f, 1, format, ap); }
CAPR_INTERPOSE int __isoc99_vscanf(const char *restrict format, va_list ap) { CAPR_MONITOR; return scan(stdin, 1, format, ap); }
CAPR_INTERPOSE int __isoc99_fscanf(FILE *restrict f, const char *restrict format, ...) { CAPR_MONITOR; SCAN(f, 1); }
CAPR_INTERPOSE int __isoc99_scanf(const char *restrict format, ...) { CAPR_MONITOR; SCAN(stdin, 1); }

/* The GNU ones, whose names the header hides behind those above. */
int gnu_vfscanf(FILE *restrict f, const char *restrict format, va_list ap) __asm__("vfscanf");
int gnu_vscanf(const char *restrict format, va_list ap) __asm__("vscanf");
int gnu_fscanf(FILE *restrict f, const char *restrict format, ...) __asm__("fscanf");
int gnu_scanf(const char *restrict format, ...) __asm__("scanf");
CAPR_INTERPOSE int gnu_vfscanf(FILE *restrict f, const char *restrict format, va_list ap) { CAPR_MONITOR; return scan(f, 0, format, ap); }
CAPR_INTERPOSE int gnu_vscanf(const char *restrict format, va_list ap) { CAPR_MONITOR; return scan(stdin, 0, format, ap); }
CAPR_INTERPOSE int gnu_fscanf(FILE *restrict f, const char *restrict format, ...) { CAPR_MONITOR; SCAN(f, 0); }
CAPR_INTERPOSE int gnu_scanf(const char *restrict format, ...) { CAPR_MONITOR; SCAN(stdin, 0); }
