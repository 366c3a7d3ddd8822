/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Tells the program's runtime about this shared object, first of its constructors and last of its destructors. Fat code, for
 * the one reason that the link then has bitcode, and the pass runs, whatever else is in it.
 */
#include <stddef.h>

#include "shared.h"
#include "../stack/leaf.h"

extern char __start_capr_entry[] __attribute__((weak, visibility("hidden")));
extern char __stop_capr_entry[] __attribute__((weak, visibility("hidden")));

#pragma weak capr_shared_register
#pragma weak capr_shared_unregister

struct capr_module capr__module;
CAPR_HIDDEN __attribute__((used)) int64_t __capr_context_at = CAPR_FS_UNUSED; /* read by emitted code */
CAPR_CONTEXT_TABLES;
CAPR_HIDDEN uint64_t capr__entry_start, capr__entry_bytes; /* read by stubs.S */

__attribute__((constructor(0))) static void start(void) {
    capr__leaf_init();
    capr__entry_start = (uint64_t)__start_capr_entry;
    capr__entry_bytes = (uint64_t)(__stop_capr_entry - __start_capr_entry);
    capr__module = (struct capr_module){
        .start = (uint64_t)__start_capr_entry,
        .end = (uint64_t)__stop_capr_entry,
        .version = CAPR_MODULE_VERSION,
        .contexts = CAPR_CONTEXTS_HERE,
        .context_at = CAPR_FS_UNUSED,
    };
    if (capr_shared_register) capr_shared_register(&capr__module);
    /* Behind the call, which has added to the word where it was before. */
    __capr_context_at = capr__module.context_at;
}

__attribute__((destructor(0))) static void stop(void) {
    if (capr_shared_unregister) capr_shared_unregister(&capr__module);
}
