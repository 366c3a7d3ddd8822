/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * All FILEs of the process, by libc's own list, and libc's calls for manage.c. Plain code: nothing here gives way, so the list
 * does not change under a walk.
 */
#include "file.h"

#include <dlfcn.h>
#include <stdlib.h>

#include "../graph/call_back.h"

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

static int pending(const FILE *f) { return f->_mode > 0 || f->_IO_write_ptr > f->_IO_write_base; }

/* Those that may have something to write, in memory that the caller frees; none if there is no memory. */
CAPR_HIDDEN FILE **capr__files_pending(size_t *count) {
    size_t n = 0, i = 0;
    for (FILE *f = first(); f; f = f->_chain) n += (size_t)pending(f);
    FILE **list = malloc((n + 1) * sizeof *list);
    for (FILE *f = first(); list && f; f = f->_chain)
        if (pending(f)) list[i++] = f;
    *count = i;
    return list;
}

CAPR_HIDDEN int capr__file_exists(FILE *f) {
    for (FILE *g = first(); g; g = g->_chain)
        if (g == f) return 1;
    return 0;
}

CAPR_HIDDEN int capr__libc_setvbuf(FILE *f, char *buffer, int mode, size_t size) { return REAL(setvbuf)(f, buffer, mode, size); }
CAPR_HIDDEN int capr__libc_seek(FILE *f, off_t offset, int whence) { return CAPR_CALLS_BACK(REAL(fseeko)(f, offset, whence)); }
CAPR_HIDDEN off_t capr__libc_tell(FILE *f) { return CAPR_CALLS_BACK(REAL(ftello)(f)); }
CAPR_HIDDEN void capr__libc_rewind(FILE *f) { (void)CAPR_CALLS_BACK((REAL(rewind)(f), 0)); }
CAPR_HIDDEN int capr__libc_getpos(FILE *f, fpos_t *position) { return CAPR_CALLS_BACK(REAL(fgetpos)(f, position)); }
CAPR_HIDDEN int capr__libc_setpos(FILE *f, const fpos_t *position) { return CAPR_CALLS_BACK(REAL(fsetpos)(f, position)); }
