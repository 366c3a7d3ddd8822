/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Keeps the list of shared objects that capcc linked: their entry stubs may be called from small stacks. Plain code, called as
 * they are loaded and unloaded, and once for each thread that uses thread-local variables of one.
 */
#include "module.h"

#include <dlfcn.h>
#include <stdlib.h>

#include "../graph/graph.h"
#include "../proc/message.h"
#include "../thread/extra.h"
#include "../thread/thread.h"
#include "profile.h"

struct capr_module *capr__modules;

/* The program itself, which its own calls have looked at before they come to the list. Not there while the list has nothing else. */
static struct capr_module program;

static const char *path_of(const struct capr_module *m) {
    Dl_info info;
    return dladdr(m, &info) && info.dli_fname ? info.dli_fname : "a shared object";
}

void capr_shared_register(struct capr_module *m) {
    if (m->version != CAPR_MODULE_VERSION)
        capr__fatal("%s: linked by another version of capcc (its interface is %u, the program's %u); link both with one capcc",
                    path_of(m), m->version, CAPR_MODULE_VERSION);
    /* The lowest free number: those of shared objects that are loaded and unloaded again must not grow for ever. */
    m->number = 0;
    for (const struct capr_module *other = capr__modules; other;)
        if (other->number == m->number) {
            m->number++;
            other = capr__modules;
        } else {
            other = other->next;
        }
    if (!capr__modules) {
        program = (struct capr_module){.start = capr__entry_start, .end = capr__entry_start + capr__entry_bytes, .number = UINT32_MAX};
        capr__modules = &program;
    }
    m->next = capr__modules;
    capr__modules = m;
    m->context_at = (int64_t)((uint64_t)&capr__worker.context - (uint64_t)__builtin_thread_pointer());
    capr__tables_loaded(&m->contexts);
    capr__profile_loads(m);
}

void capr_shared_unregister(struct capr_module *m) {
    capr__graph_unloads(&m->contexts);
    capr__profile_unloads(m);
    for (struct capr_module **at = &capr__modules; *at; at = &(*at)->next)
        if (*at == m) {
            *at = m->next;
            break;
        }
    for (struct capr_thread *t = capr__process.all; t; t = t->all_next) {
        struct capr_extra *x = t->extra;
        if (x && m->number < x->module_tls_count) {
            free(x->module_tls[m->number]);
            x->module_tls[m->number] = NULL;
        }
    }
}

void **capr_shared_tls(struct capr_module *m) {
    struct capr_thread *self = capr__worker.self;
    if (!self) return NULL;
    struct capr_extra *x = capr__extra(self);
    if (x && m->number >= x->module_tls_count) {
        void **blocks = realloc(x->module_tls, (m->number + 1) * sizeof *blocks);
        if (!blocks)
            x = NULL;
        else {
            for (uint32_t i = x->module_tls_count; i <= m->number; i++) blocks[i] = NULL;
            x->module_tls = blocks;
            x->module_tls_count = m->number + 1;
        }
    }
    if (!x) capr__fatal_thread("out of memory for the thread-local variables of %s", path_of(m));
    return &x->module_tls[m->number];
}
