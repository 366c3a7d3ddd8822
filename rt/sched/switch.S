/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * From one thread straight to the next: callee-saved registers, rsp, the limit, errno, rounding modes, the
 * context word. The next thread is resumed by a ret, as
 * the call was made by a call: the processor predicts returns from a stack of its own, and with a pop and a jump in place of the
 * ret every return after it is off by one and mispredicted (sched_yield between two threads: 28 ns, with ret 4.5).
 *
 * The control bits of the SSE and x87 units (rounding, masks) are each thread's own. To load them takes 50 ns where sticky flags
 * differ, so they are compared and loaded only when a thread has changed its own; to save and compare takes 0.5. The flags
 * are left alone.
 *
 * Big stacks go with the threads that have frames on them. Most have none, and nothing of the next thread says otherwise: two
 * compares; the rest is C on the service stack (bigstack.c), which also allocates.
 */
#include "../asm.h"

/* void capr__switch(struct capr_thread *from, struct capr_thread *to) */
function capr__switch
    pushq %rbp
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset %rbp, 0
    pushq %rbx
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset %rbx, 0
    pushq %r12
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset %r12, 0
    pushq %r13
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset %r13, 0
    pushq %r14
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset %r14, 0
    pushq %r15
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset %r15, 0
    subq $8, %rsp
    .cfi_adjust_cfa_offset 8
    stmxcsr (%rsp)
    fnstcw 4(%rsp)
    movq WORKER(CAPR_W_BIG_SP), %rax
    cmpq WORKER(CAPR_W_BIG_TOP), %rax
    jne 2f
    cmpq $0, CAPR_T_BIG(%rsi)
    jne 2f
1:  movq FS_LIMIT, %rcx
    movq WORKER(CAPR_W_ERRNO), %rdx
    movq %rcx, CAPR_T_LIMIT(%rdi)
    movl (%rdx), %eax
    movl %eax, CAPR_T_ERRNO(%rdi)
    movq %rsp, CAPR_T_SP(%rdi)
    movl CAPR_T_ERRNO(%rsi), %eax
    movl %eax, (%rdx)
    movq CAPR_T_LIMIT(%rsi), %rcx
    movq %rcx, FS_LIMIT
    movq WORKER(CAPR_W_CONTEXT), %rax
    movq %rax, CAPR_T_CONTEXT(%rdi)
    movq CAPR_T_CONTEXT(%rsi), %rax
    movq %rax, WORKER(CAPR_W_CONTEXT)
    movl (%rsp), %r8d
    movzwl 4(%rsp), %r9d
    movq CAPR_T_SP(%rsi), %rsp
    movb $0, CAPR_T_RUNNING(%rdi)   /* from here on another worker may take it */
    movq %rsi, WORKER(CAPR_W_SELF)  /* only now, since from here on handlers run, and may jump */
    xorl (%rsp), %r8d
    xorw 4(%rsp), %r9w
    andl $0xffc0, %r8d
    orl %r9d, %r8d
    jne 3f
4:  .cfi_remember_state
    addq $8, %rsp
    .cfi_adjust_cfa_offset -8
    popq %r15
    .cfi_adjust_cfa_offset -8
    .cfi_restore %r15
    popq %r14
    .cfi_adjust_cfa_offset -8
    .cfi_restore %r14
    popq %r13
    .cfi_adjust_cfa_offset -8
    .cfi_restore %r13
    popq %r12
    .cfi_adjust_cfa_offset -8
    .cfi_restore %r12
    popq %rbx
    .cfi_adjust_cfa_offset -8
    .cfi_restore %rbx
    popq %rbp
    .cfi_adjust_cfa_offset -8
    .cfi_restore %rbp
    ret
    .cfi_restore_state
3:  ldmxcsr (%rsp)
    fldcw 4(%rsp)
    jmp 4b
2:  movq %rdi, %rbx
    movq %rsi, %r12
    movq %rsp, %rbp
    .cfi_def_cfa_register %rbp
    movq WORKER(CAPR_W_SERVICE_SP), %rsp
    call capr__bigstack_handover
    movq %rbp, %rsp
    .cfi_def_cfa_register %rsp
    movq %rbx, %rdi
    movq %r12, %rsi
    jmp 1b
end_function capr__switch
