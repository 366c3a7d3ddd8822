/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * What a signal handler's trampoline returns to: rt_sigreturn, which restores everything. The nine bytes below, without unwind
 * information, are what gdb and unwinders know a signal frame by, so not one may change.
 */
        .text
        .balign 16
        nop                             /* unwinders look up the address before the return address */
        .globl  capr__sigreturn
        .hidden capr__sigreturn
        .type   capr__sigreturn, @function
capr__sigreturn:
        movq    $15, %rax
        syscall
        .size   capr__sigreturn, . - capr__sigreturn

        .section .note.GNU-stack, "", @progbits
