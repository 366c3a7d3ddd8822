/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Where a thread goes on that was made to give way in the middle of its code: rsp is the copy of its signal frame, below which is
 * room. Everything that the interrupted code had in registers is in there, so all are free; only what the ABI takes for granted at a
 * call has to be made so. On the way back the copy moves to the service stack, from where the kernel restores it, since the chunk
 * goes.
 */
#include "../asm.h"

#define SYS_rt_sigreturn 15

/* void capr__preempt_back(void *copy, void *to) */

function capr__preempted
    .cfi_undefined %rip
    cld
    emms
    movq %rsp, %rbx
    xorl %ebp, %ebp
    call capr__preempt_turn
    movq %rbx, %rdi
    movq WORKER(CAPR_W_SERVICE_SP), %rsi
    subq $CAPR_PREEMPT_FRAME_MOST, %rsi
    andq $-64, %rsi
    movq %rsi, %rbx
    movq %rsi, %rsp
    call capr__preempt_back
    movq %rbx, %rsp
    movl $SYS_rt_sigreturn, %eax
    syscall
    ud2
end_function capr__preempted
