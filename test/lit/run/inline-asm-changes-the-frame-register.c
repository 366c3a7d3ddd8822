/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Inline assembly that says it changes rbp or rbx: code generation saves the register around it where the frame is addressed by
 * it, which takes stack that no frame counts.
 *
 * RUN: %run-matrix %s %t | FileCheck %s
 * RUN: %run-matrix %s %t -fno-omit-frame-pointer | FileCheck %s
 */
#include "Inputs/on-thread.h"

static KEEP int frame(int n) {
    __asm__ volatile("xorl %%ebp, %%ebp" : : : "rbp", "cc");
    return n == 0 ? 1 : frame(n - 1) + 1;
}
static KEEP int base(int n, size_t size) {
    _Alignas(128) char fixed[128];
    char variable[size];
    memset(fixed, 1, sizeof fixed);
    memset(variable, 1, size);
    __asm__ volatile("xorl %%ebx, %%ebx" : : : "rbx", "cc");
    return n == 0 ? 1 : base(n - 1, size) + fixed[OPAQUE(3)] * variable[OPAQUE(4)];
}
static KEEP int both(int n, size_t size) {
    _Alignas(64) char fixed[64];
    char variable[size];
    memset(fixed, 1, sizeof fixed);
    memset(variable, 1, size);
    __asm__ volatile("xorl %%ebx, %%ebx\n\txorl %%ebp, %%ebp" : : : "rbx", "rbp", "cc");
    return n == 0 ? 1 : both(n - 1, size) + fixed[OPAQUE(3)] * variable[OPAQUE(4)];
}

static void body(void) {
    printf("%d %d %d\n", frame(OPAQUE(200)), base(OPAQUE(100), OPAQUE(300)), both(OPAQUE(100), OPAQUE(200)));
    // CHECK: 201 101 101
}

int main(void) {
    on_thread(body);
    return 0;
}
