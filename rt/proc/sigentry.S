/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Two changes of place for signal handlers. Where a thread with signals due goes on: the switch has popped our address in place of
 * the one that the thread waits to return to, which is put back as if we had been called from there; then the handlers are
 * borrowed for. 24 bytes, of the 64 that the switch frame took until a moment ago. And the call of a handler on the stack
 * that the program gave to sigaltstack.
 */
#include "../asm.h"

function capr__signals_entry
    .cfi_def_cfa_offset 0
    subq $8, %rsp
    .cfi_def_cfa_offset 8
    movq WORKER(CAPR_W_SELF), %rax
    movq CAPR_T_EXTRA(%rax), %rax
    movq CAPR_X_RESUME(%rax), %rax
    movq %rax, (%rsp)
    leaq capr__signals_run(%rip), %r10
    jmp __capr_borrow
end_function capr__signals_entry

/* void capr__signal_call_on(void *top, handler, int number, siginfo_t *info, void *context) */
function capr__signal_call_on
    pushq %rbp
    .cfi_def_cfa_offset 16
    .cfi_offset %rbp, -16
    movq %rsp, %rbp
    .cfi_def_cfa_register %rbp
    movq %rdi, %rsp
    andq $-16, %rsp
    movq %rsi, %rax
    movl %edx, %edi
    movq %rcx, %rsi
    movq %r8, %rdx
    call_and_return_by_frame
end_function capr__signal_call_on
