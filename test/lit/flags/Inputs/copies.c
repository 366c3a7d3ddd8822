/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Copies a struct that code generation calls memcpy for, and one whose size is not known. */
#include "../../run/Inputs/on-thread.h"

struct block {
    char bytes[5000];
};

KEEP static struct block copy(const struct block *from) { return *from; }

static void body(void) {
    static struct block a = {{3, 4}};
    struct block b = copy(&a), c;
    memcpy(&c, &a, OPAQUE(sizeof c));
    printf("copied %d\n", b.bytes[0] + c.bytes[1]);
}

int main(void) {
    on_thread(body);
    return 0;
}
