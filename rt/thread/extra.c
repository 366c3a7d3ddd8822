/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Makes and frees the record of what few threads have (extra.h).
 */
#include "extra.h"

#include <stdlib.h>

#include "../proc/signals.h"
#include "thread.h"

/* The main thread's is always there: it is who gets the process's signals, which nobody can be told that there is no memory for. */
static struct capr_extra of_main;

struct capr_extra *capr__extra(struct capr_thread *t) {
    if (!t->extra) t->extra = t == &capr__main_thread ? &of_main : calloc(1, sizeof(struct capr_extra));
    return t->extra;
}

void capr__extra_free(struct capr_thread *t) {
    struct capr_extra *x = t->extra;
    if (!x) return;
    t->extra = NULL;
    capr__signals_free(x);
    for (uint32_t i = 0; i < x->module_tls_count; i++) free(x->module_tls[i]);
    free(x->module_tls);
    for (int i = 0; i < CAPR_TEXTS; i++) free(x->texts[i]);
    free(x->affinity);
    free(x->robust);
    if (x == &of_main)
        *x = (struct capr_extra){0};
    else
        free(x);
}
