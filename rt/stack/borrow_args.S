/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * __capr_borrow for a call with stack arguments: r11 = their bytes, counted from above the return address. They are copied,
 * with the address of the first congruent modulo 64 and the largest power of two in their bytes (link.c), so that an argument
 * that wants more than 16-byte alignment keeps it.
 * The callee owns its argument area and may overwrite it, so the way back is kept in rbx rather than there.
 */
#include "../asm.h"

/* Big stack, from where the borrow started:
 *   caller's limit, caller's big_sp, rbx <- rbx points here, rsi, rdi, rcx, padding, copied arguments, return address */
function __capr_borrow_args
    cmpq $0, WORKER(CAPR_W_BIG_SP)
    je 1f
    pushq %rbp
    .cfi_def_cfa_offset 16
    .cfi_offset %rbp, -16
    movq %rsp, %rbp
    .cfi_def_cfa_register %rbp
    movq WORKER(CAPR_W_BIG_SP), %rsp
    pushq FS_LIMIT
    pushq WORKER(CAPR_W_BIG_SP)
    pushq %rbx
    movq %rsp, %rbx
    /* DW_CFA_expression rbx: DW_OP_breg3 0: rbx is saved where rbx points. */
    .cfi_escape 0x10, 0x03, 0x02, 0x73, 0x00
    movq $0, WORKER(CAPR_W_BIG_SP)
    pushq %rsi
    pushq %rdi
    pushq %rcx
    bsrq %r11, %rcx
    movl $1, %esi
    shlq %cl, %rsi
    decq %rsi
    orq $63, %rsi
    movq %rsp, %rdi
    subq %r11, %rdi
    leaq -16(%rdi), %rcx
    subq %rbp, %rcx
    andq %rsi, %rcx
    subq %rcx, %rdi
    movq %rdi, %rsp
    leaq 16(%rbp), %rsi
    leaq 7(%r11), %rcx
    shrq $3, %rcx
    rep movsq
    movq -24(%rbx), %rcx
    movq -16(%rbx), %rdi
    movq -8(%rbx), %rsi
    movq WORKER(CAPR_W_BIG_LIMIT), %r11
    movq %r11, FS_LIMIT
stack_change
    call *%r10
    movq %rbx, %rsp
    popq %rbx
    .cfi_restore %rbx
    popq WORKER(CAPR_W_BIG_SP)
    popq FS_LIMIT
    movq %rbp, %rsp
    popq %rbp
    .cfi_def_cfa %rsp, 8
    .cfi_restore %rbp
    ret
1:  jmp *%r10
    .size __morestack, . - __morestack
end_function __capr_borrow_args
