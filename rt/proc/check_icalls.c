/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Looks the target of an indirect call up in the set that the link worked with, and ends the program where it is not there: then a
 * path exists whose stack need nobody bounded. Plain code, called by borrowing like any external function; a program that was
 * linked without -fcapriccio-check-icalls never comes here.
 */
#include "check_icalls.h"
#include "message.h"

#include <stdbool.h>
#include <stddef.h>

CAPR_HIDDEN void __capr_check_icall(const void *target, struct capr_icall_site *site);

static const char *name_in_module(const struct capr_icall_function *functions, const void *target) {
    for (; functions->address; functions++)
        if (functions->address == target) return functions->name;
    return NULL;
}

void __capr_check_icall(const void *target, struct capr_icall_site *site) {
    if (__atomic_load_n(&site->last, __ATOMIC_RELAXED) == target) return;
    bool good = false;
    for (uint32_t i = 0; i < site->count && !good; i++) good = site->targets[i] == target;
    const char *name = good ? NULL : name_in_module(site->functions, target);
    if (!good && (name || !site->outside))
        capr__fatal("an indirect call in %s reaches %s, which is not among the %u targets that the link took to be all; please "
                    "report this, and build with -fcapriccio-icalls=signature until it is mended",
                    site->where, name ? name : "code outside of the program", site->count);
    __atomic_store_n(&site->last, target, __ATOMIC_RELAXED);
}
