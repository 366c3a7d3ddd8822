/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Inline assembly that leaves rsp where it was: cpuid with rbx pushed and popped, a red zone in use around it, atomic
 * instructions, many clobbers; inside functions that recurse.
 *
 * RUN: %run-matrix %s %t | FileCheck %s
 */
#include "Inputs/on-thread.h"

static KEEP unsigned highest_leaf(void) {
    unsigned eax = 0, ecx, edx;
    __asm__ volatile("pushq %%rbx\n\tcpuid\n\tpopq %%rbx" : "+a"(eax), "=c"(ecx), "=d"(edx)::"memory");
    return eax;
}

static KEEP long descend(int left, long a) {
    long before = a, flags;
    __asm__ volatile("pushfq\n\tpopq %0" : "=r"(flags)::"memory");
    __asm__ volatile("lock; addq $1, %0" : "+m"(a)::"cc");
    __asm__ volatile("" ::: "rbx", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "xmm0", "xmm15");
    long below = left == 0 ? 0 : descend(left - 1, a);
    return below + a - before + (flags & 0);
}

static void body(void) {
    puts(highest_leaf() >= 1 ? "cpuid" : "no cpuid");
    // CHECK: cpuid
    printf("%ld\n", descend(OPAQUE(9999), 5));
    // CHECK-NEXT: 10000
}

int main(void) {
    on_thread(body);
    return 0;
}
