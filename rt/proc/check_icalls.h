/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * What passes/CheckIndirectCalls.cpp emits for each indirect call of a program that was linked with -fcapriccio-check-icalls.
 */
#ifndef CAPR_CHECK_ICALLS_H
#define CAPR_CHECK_ICALLS_H

#include <stdint.h>

struct capr_icall_function {
    const void *address; /* null ends the list */
    const char *name;
};

struct capr_icall_site {
    const void *last;                            /* target that was found good last; written without a lock, by any thread */
    const void *const *targets;                  /* `count` of them: what the link took to be all in the module */
    const struct capr_icall_function *functions; /* all of the module whose address is taken */
    const char *where;
    uint32_t count;
    uint32_t outside; /* 1: may also leave the module */
};

#endif
