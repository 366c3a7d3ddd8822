# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# A tail jump costs the target's depth, without a return address of its own; a jump into another function with something on
# the stack is followed as part of this one.
# RUN: %link %s -o %t.so && %capstack bounds %t.so | %filecheck %s

    .macro function name
    .globl \name
    .type \name,@function
    .set .L\name,\name
\name:
    .endm

# CHECK-DAG: deep 100
    function deep
    sub $100,%rsp
    add $100,%rsp
    ret

# CHECK-DAG: tail 100
    function tail
    push %rbx
    pop %rbx
    jmp .Ldeep

# CHECK-DAG: conditional_tail 100
    function conditional_tail
    test %edi,%edi
    jne .Ldeep
    ret

# The tail called function pushes 8 in its own right, and the words that it pops are this function's.
# CHECK-DAG: into_epilogue 24
    function into_epilogue
    push %rbx
    push %rbp
    push %r12
    jmp .Lepilogue

# CHECK-DAG: has_epilogue 40
    function has_epilogue
    push %rbx
    push %rbp
    push %r12
    sub $16,%rsp
    add $16,%rsp
.Lepilogue:
    pop %r12
    pop %rbp
    pop %rbx
    ret

# CHECK-DAG: out_of_code - jumps out of the code at {{.*}}
    function out_of_code
    jmp outside
    .section .rodata,"a"
    .type outside,@object
outside: .quad 0
