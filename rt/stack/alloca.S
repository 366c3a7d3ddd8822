/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Dynamic allocas that do not fit: the function goes on with rsp in a new chunk, which is its thread's newest until the function
 * gives the block back. Called from emitted code as any C function is; both need 8 bytes below the return address and do their
 * work on the service stack (link.c).
 */
#include "../asm.h"

/* void *__capr_alloca(size_t size, size_t room, size_t align) */
function __capr_alloca
    pushq %rbp
    .cfi_def_cfa_offset 16
    .cfi_offset %rbp, -16
    movq %rsp, %rbp
    .cfi_def_cfa_register %rbp
    movq WORKER(CAPR_W_SERVICE_SP), %rsp
    movq %rbp, %rcx
stack_change
    call capr__alloca_link
    movq %rbp, %rsp
    popq %rbp
    .cfi_def_cfa %rsp, 8
    .cfi_restore %rbp
    ret
end_function __capr_alloca

/* void __capr_alloca_unwind(void *sp). Comes back on the chunk that is dropped, which stays as it is until the next link or
 * switch; the caller leaves it at once. */
function __capr_alloca_unwind
    pushq %rbp
    .cfi_def_cfa_offset 16
    .cfi_offset %rbp, -16
    movq %rsp, %rbp
    .cfi_def_cfa_register %rbp
    movq WORKER(CAPR_W_SERVICE_SP), %rsp
    call capr__alloca_undo
    movq %rbp, %rsp
    popq %rbp
    .cfi_def_cfa %rsp, 8
    .cfi_restore %rbp
    ret
end_function __capr_alloca_unwind
