/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Shared objects that capcc linked, as the program's runtime knows them. The record lies in the shared object, whose part of
 * the runtime (rt/shared) fills it; the functions are exported by every program that capcc links.
 */
#ifndef CAPR_MODULE_H
#define CAPR_MODULE_H

#include "../graph/tables.h"

struct capr_module {
    uint64_t start, end;      /* addresses: its entry stubs */
    struct capr_module *next; /* owner: the program */
    uint32_t version;         /* CAPR_MODULE_VERSION of the shared object */
    uint32_t number;          /* index of its thread-local block in each thread; set by register */
    struct capr_contexts contexts; /* its calls, for the blocking graph; all NULL: linked with -fno-capriccio-graph */
    int64_t context_at;       /* the running thread's context word, from %fs; set by register */
};

/* Newest first. Read by icall.S. */
extern CAPR_HIDDEN struct capr_module *capr__modules;

/* Called by a shared object's first constructor and last destructor. Until the one and after the other, calls to its functions
 * from elsewhere borrow. A shared object of another version ends the program in one line. */
CAPR_EXPORT void capr_shared_register(struct capr_module *m);
CAPR_EXPORT void capr_shared_unregister(struct capr_module *m);

/* Where the running thread keeps the address of the module's block of thread-local variables; NULL on a kernel thread that is no
 * worker. The block comes from malloc and is freed with the thread. */
CAPR_EXPORT void **capr_shared_tls(struct capr_module *m);

#endif
