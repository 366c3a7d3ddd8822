/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Where a new thread begins: create.c leaves a switch frame whose return address is here, with the start function in rbx and its
 * argument in r12. The first frame of the thread, so unwinders end here.
 */
#include "../asm.h"

function capr__trampoline
    .cfi_undefined %rip
    movq %r12, %rdi
    movq %rbx, %r10
    call __capr_icall
    movq %rax, %rdi
    call capr__thread_return
    ud2
end_function capr__trampoline
