/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Makes and frees blocks of thread-local variables. Plain code, reached once per thread that uses one at all: a thread that never
 * touches a thread-local pays nothing. Blocks come from malloc, as they do natively (dynamic TLS), so that leak checkers and
 * limits see them.
 */
#include "tls.h"

#include <stdlib.h>
#include <string.h>

#include "../proc/message.h"
#include "extra.h"
#include "own_locale.h"

/* Defined by the pass where the program has thread-local variables. */
extern CAPR_HIDDEN const char __capr_tls_image[] __attribute__((weak));
extern CAPR_HIDDEN const uint64_t __capr_tls_size __attribute__((weak));
extern CAPR_HIDDEN const uint64_t __capr_tls_align __attribute__((weak));

/* For kernel threads that are not workers. */
static _Thread_local void *foreign_block __attribute__((tls_model("local-exec")));

void *__capr_tls_slow(void) {
    struct capr_thread *self = capr__worker.self;
    void **slot = self ? &self->tls : &foreign_block;
    if (*slot) return *slot;
    void *block = NULL;
    if (posix_memalign(&block, __capr_tls_align, __capr_tls_size) != 0)
        capr__fatal_thread("out of memory for %llu bytes of thread-local variables",
                           (unsigned long long)__capr_tls_size);
    memcpy(block, __capr_tls_image, __capr_tls_size);
    *slot = block;
    return block;
}

void capr__tls_end(struct capr_thread *t) {
    free(t->tls);
    t->tls = NULL;
    struct capr_extra *x = t->extra;
    if (!x) return;
    for (uint32_t i = 0; i < x->module_tls_count; i++) free(x->module_tls[i]);
    free(x->module_tls);
    x->module_tls = NULL;
    x->module_tls_count = 0;
    capr__locale_leave(t);
}
