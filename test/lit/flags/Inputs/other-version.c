/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * What a shared object of a later capcc would do as it is loaded.
 */
#include <stdint.h>

struct module {
    uint64_t start, end;
    struct module *next;
    uint32_t version, number;
};
void capr_shared_register(struct module *m);

__attribute__((constructor)) static void load(void) {
    static struct module m = {.version = 1000};
    capr_shared_register(&m);
}
