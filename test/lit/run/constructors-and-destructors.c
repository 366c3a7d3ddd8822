/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Code that runs before main and after it, where no thread of ours may exist yet or any more, calls libc and recurses.
 *
 * RUN: %run-matrix %s %t | FileCheck %s
 */
#include "Inputs/on-thread.h"

static KEEP int deep(int left) {
    volatile char room[300];
    room[0] = 1;
    return left == 0 ? 0 : deep(left - 1) + room[0];
}

static int before;

__attribute__((constructor(201))) static void early(void) { before = deep(3000); }
__attribute__((constructor(202))) static void late(void) {
    char *text = malloc(100);
    snprintf(text, 100, "before main %d", before);
    puts(text);
    free(text);
}
__attribute__((destructor)) static void after(void) {
    printf("after main %d\n", deep(3000));
    fflush(stdout);
}

static void body(void) { puts("main"); }

int main(void) {
    on_thread(body);
    return 0;
    // CHECK: before main 3000
    // CHECK-NEXT: main
    // CHECK-NEXT: after main 3000
}
