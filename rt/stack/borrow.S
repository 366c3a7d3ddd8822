/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Runs a function that capcc did not compile on the worker's big stack and comes back, or in place when rsp is on a big stack
 * already. Jumped to from the stubs that the pass emits, with r10 = function; only r10 and r11 are scratch, every argument
 * register and al go through, and every return register comes back. On the small stack this needs 8 bytes below the return
 * address, for rbp.
 *
 * The function may block and its thread be switched away: the thread then keeps the big stack (switch.S), so the two words that
 * are popped at the end lie where they were pushed, and the addresses in them belong to that very stack.
 */
#include "../asm.h"

/* Big stack while borrowed, from where the borrow started:  caller's limit, caller's big_sp, return address of the function */
function __capr_borrow
    movq WORKER(CAPR_W_BIG_SP), %r11
    testq %r11, %r11
    je 1f
    pushq %rbp
    .cfi_def_cfa_offset 16
    .cfi_offset %rbp, -16
    movq %rsp, %rbp
    .cfi_def_cfa_register %rbp
    movq %r11, %rsp
    pushq FS_LIMIT
    pushq %r11
    movq WORKER(CAPR_W_BIG_LIMIT), %r11
    movq $0, WORKER(CAPR_W_BIG_SP)
    movq %r11, FS_LIMIT
stack_change
    call *%r10
    popq WORKER(CAPR_W_BIG_SP)
    popq FS_LIMIT
    movq %rbp, %rsp
    popq %rbp
    .cfi_def_cfa %rsp, 8
    .cfi_restore %rbp
    ret
1:  jmp *%r10
    .size __morestack, . - __morestack
end_function __capr_borrow
