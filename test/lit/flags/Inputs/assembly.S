/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * int twice(int (*function)(int), int argument): calls function(argument) two times and adds. Plain System V code that
 * knows nothing of linked stacks.
 */
#define KEPT rbx

    .text
    .globl twice
    .type twice, @function
twice:
    .cfi_startproc
    pushq %KEPT
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset rbx, 0
    pushq %r12
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset r12, 0
    pushq %r13
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset r13, 0
    movq %rdi, %r12
    movl %esi, %r13d
    movl %esi, %edi
    callq *%r12
    movl %eax, %ebx
    movl %r13d, %edi
    callq *%r12
    addl %ebx, %eax
    popq %r13
    .cfi_adjust_cfa_offset -8
    popq %r12
    .cfi_adjust_cfa_offset -8
    popq %KEPT
    .cfi_adjust_cfa_offset -8
    retq
    .cfi_endproc
    .size twice, .-twice
    .section .note.GNU-stack,"",@progbits
