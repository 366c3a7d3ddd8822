/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Runs a function that capcc did not compile on the worker's big stack and comes back, or in place when rsp is on a big stack
 * already. Jumped to from the stubs that the pass emits, with r10 = function; only r10 and r11 are scratch, every argument
 * register and al go through, and every return register comes back. On the small stack this needs 16 bytes below the return
 * address.
 *
 * What has to come back is kept in callee-saved registers rather than pushed on the big stack: the caller's limit in rbx, the old
 * rsp in rbp, and big_sp is where rsp itself is again after the call. Values that go through memory twice made a loop of borrows
 * wait for them (4 to 6 ns a call). The function may block and its thread be switched away: the thread then keeps the big stack
 * (switch.S), so that rsp is right whenever it comes back.
 *
 * capr__borrow_late stands in for the return address of a function in which its thread's turn ended (sched/preempt.h): the same way
 * back, and on it a tick for the worker, with the registers in which values are returned kept where a system call leaves them.
 */
#include "../asm.h"

/* From behind the call back to the small stack, where the return address is. */
.macro back
    movq %rsp, WORKER(CAPR_W_BIG_SP)
    movq %rbx, FS_LIMIT
    movq %rbp, %rsp
    popq %rbx
    .cfi_def_cfa %rsp, 16
    .cfi_restore %rbx
    popq %rbp
    .cfi_def_cfa_offset 8
    .cfi_restore %rbp
.endm

function __capr_borrow
    movq WORKER(CAPR_W_BIG_SP), %r11
    testq %r11, %r11
    je 1f
    pushq %rbp
    .cfi_def_cfa_offset 16
    .cfi_offset %rbp, -16
    pushq %rbx
    .cfi_def_cfa_offset 24
    .cfi_offset %rbx, -24
    movq %rsp, %rbp
    .cfi_def_cfa_register %rbp
    movq FS_LIMIT, %rbx
    movq %r11, %rsp
    movq WORKER(CAPR_W_BIG_LIMIT), %r11
    movq $0, WORKER(CAPR_W_BIG_SP)
    movq %r11, FS_LIMIT
stack_change
    call *%r10
    .globl capr__borrow_return
    .hidden capr__borrow_return
capr__borrow_return:
    .cfi_remember_state
    back
    ret
1:  jmp *%r10
    .cfi_restore_state
    nop                             /* unwinders look up the address before the return address */
    .globl capr__borrow_late
    .hidden capr__borrow_late
capr__borrow_late:
    back
    movq %rax, %r8
    movq %rdx, %r9
    movq %rcx, %r10
    movl capr__turn_process(%rip), %edi
    movl WORKER(CAPR_W_KERNEL_THREAD), %esi
    movl $CAPR_TURN_SIGNAL, %edx
    movl $234, %eax                 /* tgkill */
    syscall
    .globl capr__borrow_ticked
    .hidden capr__borrow_ticked
capr__borrow_ticked:
    movq %r8, %rax
    movq %r9, %rdx
    movq %r10, %rcx
    ret
    .size __morestack, . - __morestack
end_function __capr_borrow
