/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * All FILEs of the process, by libc's own list, and libc's calls for manage.c. Plain code: nothing here gives way, and libc, which also
 * other workers and the pool are in, does not change the list under a walk, which has its lock.
 */
#include "file.h"

#include <dlfcn.h>
#include <stdlib.h>

#define REAL(name)                                                                                                                 \
    ({                                                                                                                             \
        static __typeof__(name) *real_;                                                                                            \
        if (!real_) real_ = (__typeof__(name) *)dlsym(RTLD_NEXT, #name);                                                           \
        real_;                                                                                                                     \
    })

static FILE *first(void) {
    static FILE **list;
    if (!list) list = (FILE **)dlsym(RTLD_DEFAULT, "_IO_list_all");
    return list ? *list : NULL;
}

extern void _IO_list_lock(void);
extern void _IO_list_unlock(void);

static int pending(const FILE *f) { return f->_mode > 0 || f->_IO_write_ptr > f->_IO_write_base; }

/* Those that may have something to write, in memory that the caller frees; none if there is no memory. */
CAPR_HIDDEN FILE **capr__files_pending(size_t *count) {
    size_t n = 0, i = 0;
    _IO_list_lock();
    for (FILE *f = first(); f; f = f->_chain) n += (size_t)pending(f);
    FILE **list = malloc((n + 1) * sizeof *list);
    for (FILE *f = first(); list && f; f = f->_chain)
        if (pending(f)) list[i++] = f;
    _IO_list_unlock();
    *count = i;
    return list;
}

CAPR_HIDDEN int capr__file_exists(FILE *f) {
    _IO_list_lock();
    FILE *g = first();
    while (g && g != f) g = g->_chain;
    _IO_list_unlock();
    return g != NULL;
}

CAPR_HIDDEN int capr__libc_setvbuf(FILE *f, char *buffer, int mode, size_t size) { return REAL(setvbuf)(f, buffer, mode, size); }
CAPR_HIDDEN int capr__libc_seek(FILE *f, off_t offset, int whence) { return CAPR_LIBC_STEP(f, REAL(fseeko)(f, offset, whence)); }
CAPR_HIDDEN off_t capr__libc_tell(FILE *f) { return CAPR_LIBC_STEP(f, REAL(ftello)(f)); }
CAPR_HIDDEN void capr__libc_rewind(FILE *f) { (void)CAPR_LIBC_STEP(f, (REAL(rewind)(f), 0)); }
CAPR_HIDDEN int capr__libc_getpos(FILE *f, fpos_t *position) { return CAPR_LIBC_STEP(f, REAL(fgetpos)(f, position)); }
CAPR_HIDDEN int capr__libc_setpos(FILE *f, const fpos_t *position) { return CAPR_LIBC_STEP(f, REAL(fsetpos)(f, position)); }
