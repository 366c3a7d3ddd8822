# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# Pushes, pops and constant moves of rsp are counted to the byte; a call adds its return address and the callee's depth; a
# function that returns with rsp elsewhere has no bound.
# RUN: %link %s -o %t.so && %capstack bounds %t.so | %filecheck %s

    .macro function name
    .globl \name
    .type \name,@function
\name:
    .endm

# CHECK: library {{.*}}.so {{[0-9a-f]+}}
# CHECK-DAG: leaf 0
    function leaf
    lea 1(%rdi),%rax
    ret

# CHECK-DAG: pushes 24
    function pushes
    push %rbx
    push $1
    pushfq
    popfq
    pop %rcx
    pop %rbx
    ret

# CHECK-DAG: subtracts 64
    function subtracts
    sub $40,%rsp
    mov %rdi,(%rsp)
    push %rax
    push %rax
    push %rax
    add $64,%rsp
    ret

# 16 of its own, 8 for the return address, 24 of pushes.
# CHECK-DAG: calls 48
    function calls
    sub $16,%rsp
    call .Lpushes
    add $16,%rsp
    ret
.Lpushes:
    push %rbx
    push $1
    pushfq
    popfq
    pop %rcx
    pop %rbx
    ret

# CHECK-DAG: frame_pointer 264
    function frame_pointer
    push %rbp
    mov %rsp,%rbp
    sub $256,%rsp
    test %rdi,%rdi
    jne 1f
    movb $0,(%rsp)
1:  leave
    ret

# CHECK-DAG: unbalanced - returns with rsp not where it was at entry at 0x{{[0-9a-f]+}}
    function unbalanced
    push %rbx
    ret

# CHECK-DAG: pops_return - returns with rsp not where it was at entry at 0x{{[0-9a-f]+}}
    function pops_return
    pop %rax
    push %rax
    pop %rax
    ret

# Two bytes at a time.
# CHECK-DAG: narrow 4
    function narrow
    pushw %ax
    pushw %ax
    add $4,%rsp
    ret
