/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The resolver of an indirect function runs while the loader relocates, before anything of ours is ready.
 *
 * RUN: %run-matrix %s %t | FileCheck %s
 */
#include "Inputs/on-thread.h"

static int fallback(int n) { return n == 0 ? 0 : fallback(n - 1) + 1; }
static int with_sse2(int n) { return n == 0 ? 1000 : with_sse2(n - 1) + 1; }

static int (*resolve(void))(int) {
    __builtin_cpu_init();
    return __builtin_cpu_supports("sse2") ? with_sse2 : fallback;
}

int chosen(int n) __attribute__((ifunc("resolve")));

static void body(void) { printf("%d\n", chosen(OPAQUE(7))); }

int main(void) {
    on_thread(body);
    // CHECK: 1007
    return 0;
}
