# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# Two functions, one of them with a frame: input of the tests that are about files and not about code.
    .globl first, second
    .type first,@function
    .type second,@function
first:
    .cfi_startproc
    push %rbx
    .cfi_def_cfa_offset 16
    pop %rbx
    .cfi_def_cfa_offset 8
    ret
    .cfi_endproc
    .size first,.-first
second:
    .cfi_startproc
    push %rbx
    .cfi_def_cfa_offset 16
    call .Lfirst
    call other@PLT
    call *.Lword(%rip)
    pop %rbx
    ret
    .cfi_endproc
    .size second,.-second
    .set .Lfirst,first
    .section .data.rel.ro,"aw"
.Lword: .quad .Lfirst
