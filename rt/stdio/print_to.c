/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * dprintf and its relatives: formatted into memory, then written as write(2) does. Fat code.
 */
#include <stdlib.h>
#include <unistd.h>

#include "file.h"

/* dprintf(3): to a descriptor, in one write. Blocks. */
static __attribute__((noinline)) int print_to(int fd, int flag, const char *format, va_list ap) {
    char *heap;
    int n = capr__format(NULL, 0, &heap, flag, format, ap);
    size_t done = 0;
    while (n >= 0 && done < (size_t)n) {
        ssize_t r = write(fd, heap + done, (size_t)n - done);
        if (r < 0)
            n = -1;
        else
            done += (size_t)r;
    }
    free(heap);
    return n;
}

#define PRINT_TO(fd, flag)                                                                                                         \
    va_list ap;                                                                                                                    \
    va_start(ap, format);                                                                                                          \
    int n = print_to(fd, flag, format, ap);                                                                                        \
    va_end(ap);                                                                                                                    \
    return n

CAPR_INTERPOSE int vdprintf(int fd, const char *restrict format, va_list ap) { CAPR_MONITOR; return print_to(fd, -1, format, ap); }
CAPR_INTERPOSE int dprintf(int fd, const char *restrict format, ...) { CAPR_MONITOR; PRINT_TO(fd, -1); }
CAPR_INTERPOSE int __vdprintf_chk(int fd, int flag, const char *restrict format, va_list ap) { CAPR_MONITOR; return print_to(fd, flag, format, ap); }
CAPR_INTERPOSE int __dprintf_chk(int fd, int flag, const char *restrict format, ...) { CAPR_MONITOR; PRINT_TO(fd, flag); }
