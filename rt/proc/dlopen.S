/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * dlopen(3) and dlmopen(3), which go on to libc's. Here for what comes with them: a program that may load a library may load one
 * that reads and polls, so this object refers to such calls of libcapr_calls.a, and whoever refers to dlopen gets them.
 * Jumps, not calls: libc takes the caller's search path and namespace from the return address. Plain code, on a big stack.
 */
#include "../asm.h"

.macro forward name
    .globl \name
    .type \name, @function
    .p2align 4
\name:
    .cfi_startproc
    movq .Lreal_\name(%rip), %rax
    testq %rax, %rax
    jz 1f
    jmp *%rax
1:  /* The first call looks libc's up. With the three arguments pushed the stack is aligned. */
    pushq %rdi
    .cfi_adjust_cfa_offset 8
    pushq %rsi
    .cfi_adjust_cfa_offset 8
    pushq %rdx
    .cfi_adjust_cfa_offset 8
    movq $-1, %rdi /* RTLD_NEXT */
    leaq .Lname_\name(%rip), %rsi
    call dlsym@PLT
    popq %rdx
    .cfi_adjust_cfa_offset -8
    popq %rsi
    .cfi_adjust_cfa_offset -8
    popq %rdi
    .cfi_adjust_cfa_offset -8
    movq %rax, .Lreal_\name(%rip)
    jmp *%rax
    .cfi_endproc
    .size \name, . - \name
    .section .rodata.str1.1, "aMS", @progbits, 1
.Lname_\name:
    .asciz "\name"
    .bss
    .p2align 3
.Lreal_\name:
    .zero 8
    .text
.endm

    .text
#include "calls.inc"
    forward dlopen
    forward dlmopen

    .section .note.GNU-stack, "", @progbits
