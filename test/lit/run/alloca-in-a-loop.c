/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * alloca grows until the function returns: a list of ten thousand blocks, all alive at once, on a thread; and the next
 * call finds the memory free again (a hundred times 16 MiB would not fit otherwise).
 *
 * RUN: %run-matrix %s %t | FileCheck %s
 */
#include "Inputs/on-thread.h"
#include <alloca.h>
#include <sys/resource.h>

struct block { struct block *next; unsigned value; unsigned char rest[]; };

static KEEP unsigned long gather(unsigned count, unsigned size) {
    struct block *list = NULL;
    for (unsigned i = 0; i < count; i++) {
        struct block *block = alloca(sizeof *block + size);
        block->next = list;
        block->value = i;
        memset(block->rest, (int)i, size);
        list = block;
    }
    unsigned long sum = 0;
    for (; list; list = list->next)
        sum += list->value + list->rest[0] + list->rest[size - 1];
    return sum;
}

static void body(void) {
    printf("%lu\n", gather(OPAQUE(10000u), 100));
    // CHECK: 52541160
    for (int i = 0; i < 100; i++)
        if (gather(OPAQUE(4u), 4 << 20) != 18)
            puts("wrong");
    // CHECK-NOT: wrong
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    puts(usage.ru_maxrss < 512 * 1024 ? "bounded" : "leaks");
    // CHECK: bounded
}

int main(void) {
    on_thread(body);
    return 0;
}
