/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * One dynamic allocation far above any chunk: 10 MiB, by alloca and as an array, written from end to end.
 *
 * RUN: %run-matrix %s %t | FileCheck %s
 */
#include "Inputs/on-thread.h"
#include <alloca.h>

static KEEP unsigned sum_of(const unsigned char *bytes, size_t size) {
    unsigned sum = 0;
    for (size_t i = 0; i < size; i += 4096)
        sum += bytes[i];
    return sum + bytes[size - 1];
}

static KEEP unsigned by_alloca(size_t size) {
    unsigned char *room = alloca(size);
    memset(room, 1, size);
    return sum_of(room, size);
}

static KEEP unsigned by_vla(size_t size) {
    unsigned char room[size];
    memset(room, 2, size);
    return sum_of(room, size);
}

static void body(void) {
    for (size_t size = 1; size <= 10 << 20; size = size * 10 + 7)
        if (by_alloca(OPAQUE(size)) != (size + 4095) / 4096 + 1 || by_vla(OPAQUE(size)) != 2 * ((size + 4095) / 4096 + 1))
            printf("wrong at %zu\n", size);
    printf("%u %u\n", by_alloca(OPAQUE((size_t)10 << 20)), by_vla(OPAQUE((size_t)10 << 20)));
    // CHECK-NOT: wrong
    // CHECK: 2561 5122
}

int main(void) {
    on_thread(body);
    return 0;
}
