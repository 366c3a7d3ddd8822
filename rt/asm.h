/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * What the runtime's assembly files share: how to begin and end a hidden function, and how to address the worker. The worker is
 * a local-exec thread-local variable, so each field is one %fs-relative operand; nothing of it may be kept in a register across
 * a call that can switch threads.
 */
#ifndef CAPR_ASM_H
#define CAPR_ASM_H

#include "layout.h"

#define WORKER(field) %fs:capr__worker@tpoff + field
#define FS_LIMIT %fs:CAPR_FS_LIMIT

.macro function name
    .globl \name
    .hidden \name
    .type \name, @function
    .balign 16
\name:
    .cfi_startproc
.endm

.macro end_function name
    .cfi_endproc
    .size \name, . - \name
.endm

/* gdb stops a backtrace whose stack pointer goes down where it should go up, unless the function that did it has gcc's name for
 * a change of stacks. The name is local: each file that changes stacks has one, which begins right before its call. */
.macro stack_change
    .type __morestack, @function
__morestack:
.endm

/* Calls rax on the stack that rsp is on by now, and returns from the function by its frame, which rbp points to. */
.macro call_and_return_by_frame
stack_change
    call *%rax
    movq %rbp, %rsp
    popq %rbp
    .cfi_def_cfa %rsp, 8
    .cfi_restore %rbp
    ret
    .size __morestack, . - __morestack
.endm

    .section .note.GNU-stack, "", @progbits
    .text

#endif
