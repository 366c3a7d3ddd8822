/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Calls plain C on the worker's service stack: for what must not run on the stacks that it is about to free or change hands
 * with. The function may not block, nor call anything interposed.
 */
#include "../asm.h"

/* uint64_t capr__on_service(uint64_t (*f)(uint64_t, uint64_t, uint64_t), uint64_t a, uint64_t b, uint64_t c) */
function capr__on_service
    pushq %rbp
    .cfi_def_cfa_offset 16
    .cfi_offset %rbp, -16
    movq %rsp, %rbp
    .cfi_def_cfa_register %rbp
    movq WORKER(CAPR_W_SERVICE_SP), %rsp
    movq %rdi, %rax
    movq %rsi, %rdi
    movq %rdx, %rsi
    movq %rcx, %rdx
    call_and_return_by_frame
end_function capr__on_service
