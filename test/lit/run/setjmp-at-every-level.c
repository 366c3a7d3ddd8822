/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Each level of a recursion sets a target and jumps to the one above: nested targets in different chunks, and values kept
 * in volatile locals.
 *
 * RUN: %run-matrix %s %t | FileCheck %s
 */
#include "Inputs/on-thread.h"
#include <setjmp.h>

struct target { jmp_buf buffer; struct target *outer; };

static KEEP long level(struct target *outer, int left) {
    struct target mine = {.outer = outer};
    volatile long value = left;
    if (setjmp(mine.buffer) == 0) {
        if (left > 0)
            level(&mine, left - 1);
        else
            longjmp(mine.buffer, 1);
    }
    value++;
    if (value != left + 1)
        return -1;
    if (outer)
        longjmp(outer->buffer, 1);
    return value;
}

static void body(void) {
    printf("%ld\n", level(NULL, OPAQUE(5000)));
    // CHECK: 5001
}

int main(void) {
    on_thread(body);
    return 0;
}
