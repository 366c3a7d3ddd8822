/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Thread-local variables and messages of a shared object. Plain code: borrowed for from small stacks. On threads of the program's
 * runtime the block belongs to the user-level thread; on others, and in programs that capcc did not link, to the
 * kernel thread.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../thread/tls.h"
#include "shared.h"

#pragma weak capr_shared_tls

/* Defined by the pass where the shared object has thread-local variables. */
extern CAPR_HIDDEN const char __capr_tls_image[] __attribute__((weak));
extern CAPR_HIDDEN const uint64_t __capr_tls_size __attribute__((weak));
extern CAPR_HIDDEN const uint64_t __capr_tls_align __attribute__((weak));

static _Thread_local void *capr__native_block;

void *__capr_tls_slow(void) {
    void **slot = capr_shared_tls ? capr_shared_tls(&capr__module) : NULL;
    if (!slot) slot = &capr__native_block;
    if (*slot) return *slot;
    void *block = NULL;
    if (posix_memalign(&block, __capr_tls_align, __capr_tls_size) != 0)
        capr__fatal("out of memory for %llu bytes of thread-local variables", (unsigned long long)__capr_tls_size);
    memcpy(block, __capr_tls_image, __capr_tls_size);
    *slot = block;
    return block;
}

void capr__fatal(const char *format, ...) {
    char text[256];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    dprintf(2, "capriccio: %s\n", text);
    abort();
}
