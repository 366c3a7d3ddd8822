# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# Aligning rsp to N may move it by up to N - 1 bytes; registers saved in the aligned frame are found again.
# RUN: %link %s -o %t.so && %capstack bounds %t.so | %filecheck %s

    .macro function name
    .globl \name
    .type \name,@function
\name:
    .endm

# 8 for rbp, 15 for the alignment, 32 of locals.
# CHECK-DAG: by_frame_pointer 55
    function by_frame_pointer
    push %rbp
    mov %rsp,%rbp
    and $-16,%rsp
    sub $32,%rsp
    leave
    ret

# What gcc does for arguments in an aligned frame: 8 (r10 is not pushed), 63, return address again, rbp, r10, 40.
# CHECK-DAG: with_argument_pointer 127
    function with_argument_pointer
    lea 8(%rsp),%r10
    and $-64,%rsp
    push -8(%r10)
    push %rbp
    mov %rsp,%rbp
    push %r10
    sub $40,%rsp
    mov -8(%rbp),%r10
    leave
    lea -8(%r10),%rsp
    ret

# CHECK-DAG: twice 70
    function twice
    push %rbp
    mov %rsp,%rbp
    and $-16,%rsp
    sub $16,%rsp
    and $-32,%rsp
    leave
    ret

# CHECK-DAG: in_a_loop - {{moves rsp by an amount that is not known|paths meet with different stack depths}}{{.*}}
    function in_a_loop
    push %rbp
    mov %rsp,%rbp
1:  sub $8,%rsp
    and $-16,%rsp
    dec %edi
    jne 1b
    leave
    ret

# CHECK-DAG: not_an_alignment - {{.*}}rsp{{.*}}
    function not_an_alignment
    push %rbp
    mov %rsp,%rbp
    and $-15,%rsp
    leave
    ret
