/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A checkpoint's slow path: runs a function (r10) on a new chunk with at least r11's low half of bytes below its return address,
 * after copying r11's high half of bytes of stack arguments (CAPR_ARGS_UNKNOWN: as many as there can be). Only r10 and r11 are scratch; every return register comes back. On
 * the stack that ran short this needs 8 bytes below the return address, for rbp.
 *
 * A checkpoint in a loop at a chunk's edge comes here each time round, so the usual case (a small need, no stack arguments, the
 * newest free chunk, rsp on a chunk) is done right here, in some 20 moves each way; the rest is C on the service stack
 * (link.c). rax and r10 rest meanwhile in the new chunk, at the top of the frame-to-be.
 */
#include "../asm.h"


function __capr_link
    pushq %rbp
    .cfi_def_cfa_offset 16
    .cfi_offset %rbp, -16
    movq %rsp, %rbp
    .cfi_def_cfa_register %rbp
    cmpq WORKER(CAPR_W_LINK_NEED), %r11
    jae .Lslow
    cmpq $0, WORKER(CAPR_W_BIG_SP)
    je .Lslow
    cmpq $0, WORKER(CAPR_W_LINK_FREE)
    je .Lslow
    movq WORKER(CAPR_W_LINK_FREE), %r11
    movq %rax, -16(%r11)
    movq CAPR_C_PREV(%r11), %rax
    movq %rax, WORKER(CAPR_W_LINK_FREE)
    movq FS_LIMIT, %rax
    movq %rax, CAPR_C_SAVED_LIMIT(%r11)
    movq CAPR_C_BASE(%r11), %rax
    addq $CAPR_RESERVE, %rax
    movq %rax, FS_LIMIT
    movq %r10, -8(%r11)
    movq WORKER(CAPR_W_SELF), %rax
    movq CAPR_T_CHUNK(%rax), %r10
    movq %r10, CAPR_C_PREV(%r11)
    movq %r11, CAPR_T_CHUNK(%rax)
    incq WORKER(CAPR_W_LINKS)
    movq -8(%r11), %r10
    movq -16(%r11), %rax
    movq %r11, %rsp
stack_change
.Lcall:
    call *%r10
.Lback:
    /* rsi, rdi and r8 to r11 hold nothing any more; rax, rdx, rcx, xmm0 to xmm3 may. */
    movq WORKER(CAPR_W_SELF), %rdi
    movq CAPR_T_CHUNK(%rdi), %rsi
    testb $CAPR_CHUNK_QUICK, CAPR_C_FLAGS(%rsi)
    je .Lslow_back
    movq %rbp, %rsp
    popq %rbp
    .cfi_remember_state
    .cfi_def_cfa %rsp, 8
    .cfi_restore %rbp
    movq CAPR_C_SAVED_LIMIT(%rsi), %r8
    movq %r8, FS_LIMIT
    movq CAPR_C_PREV(%rsi), %r9
    movq %r9, CAPR_T_CHUNK(%rdi)
    movq WORKER(CAPR_W_LINK_FREE), %r10
    movq %r10, CAPR_C_PREV(%rsi)
    movq %rsi, WORKER(CAPR_W_LINK_FREE)
    ret
    .cfi_restore_state

.Lslow_back:
    movq WORKER(CAPR_W_SERVICE_SP), %rsp
    subq $96, %rsp
    movaps %xmm0, (%rsp)
    movaps %xmm1, 16(%rsp)
    movaps %xmm2, 32(%rsp)
    movaps %xmm3, 48(%rsp)
    movq %rax, 64(%rsp)
    movq %rdx, 72(%rsp)
    movq %rcx, 80(%rsp)
    call capr__unlink
    movaps (%rsp), %xmm0
    movaps 16(%rsp), %xmm1
    movaps 32(%rsp), %xmm2
    movaps 48(%rsp), %xmm3
    movq 64(%rsp), %rax
    movq 72(%rsp), %rdx
    movq 80(%rsp), %rcx
    movq %rbp, %rsp
    popq %rbp
    .cfi_remember_state
    .cfi_def_cfa %rsp, 8
    .cfi_restore %rbp
    ret
    .cfi_restore_state

.Lslow:
    movq WORKER(CAPR_W_SERVICE_SP), %rsp
    subq $208, %rsp
    movaps %xmm0, (%rsp)
    movaps %xmm1, 16(%rsp)
    movaps %xmm2, 32(%rsp)
    movaps %xmm3, 48(%rsp)
    movaps %xmm4, 64(%rsp)
    movaps %xmm5, 80(%rsp)
    movaps %xmm6, 96(%rsp)
    movaps %xmm7, 112(%rsp)
    movq %rdi, 128(%rsp)
    movq %rsi, 136(%rsp)
    movq %rdx, 144(%rsp)
    movq %rcx, 152(%rsp)
    movq %r8, 160(%rsp)
    movq %r9, 168(%rsp)
    movq %rax, 176(%rsp)
    movq %r10, 184(%rsp)
    movq %r11, 192(%rsp)
    movq %r11, %rdi
    movq %rbp, %rsi
    leaq .Lback(%rip), %rdx
    movq %r10, %rcx
    call capr__link
    movq %rax, %r11
    movq %rdx, %rcx
    testq %rcx, %rcx
    je 1f
    leaq 16(%rbp), %rsi
    movq %rax, %rdi
    addq $7, %rcx
    shrq $3, %rcx
    rep movsq
1:  movaps (%rsp), %xmm0
    movaps 16(%rsp), %xmm1
    movaps 32(%rsp), %xmm2
    movaps 48(%rsp), %xmm3
    movaps 64(%rsp), %xmm4
    movaps 80(%rsp), %xmm5
    movaps 96(%rsp), %xmm6
    movaps 112(%rsp), %xmm7
    movq 128(%rsp), %rdi
    movq 136(%rsp), %rsi
    movq 144(%rsp), %rdx
    movq 152(%rsp), %rcx
    movq 160(%rsp), %r8
    movq 168(%rsp), %r9
    movq 176(%rsp), %rax
    movq 184(%rsp), %r10
    movq %r11, %rsp
    jmp .Lcall
    .size __morestack, . - __morestack
end_function __capr_link
