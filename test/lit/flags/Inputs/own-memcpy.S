/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * memcpy, with ROOM bytes of stack. */
#ifndef ROOM
#define ROOM 8
#endif
        .globl  memcpy
        .type   memcpy, @function
memcpy:
        subq    $ROOM, %rsp
        movq    $1, (%rsp)
        movq    %rdi, %rax
        movq    %rdx, %rcx
        rep movsb
        addq    $ROOM, %rsp
        ret
        .size   memcpy, . - memcpy
        .section .note.GNU-stack, "", @progbits
