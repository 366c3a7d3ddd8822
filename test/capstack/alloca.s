# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# An amount that is not known, or rsp taken from elsewhere, leaves a function without a bound, whatever restores it later.
# RUN: %link %s -o %t.so && %capstack bounds %t.so | %filecheck %s

    .macro function name
    .globl \name
    .type \name,@function
\name:
    .endm

# CHECK-DAG: by_register - moves rsp by an amount that is not known (alloca) at 0x{{[0-9a-f]+}} in by_register
    function by_register
    push %rbp
    mov %rsp,%rbp
    sub %rdi,%rsp
    leave
    ret
    .size by_register,.-by_register

# CHECK-DAG: by_copy - moves rsp by an amount that is not known (alloca) at {{.*}}
    function by_copy
    push %rbp
    mov %rsp,%rbp
    mov %rsp,%rax
    sub %rdi,%rax
    mov %rax,%rsp
    leave
    ret

# CHECK-DAG: from_memory - loads rsp from elsewhere at {{.*}}
    function from_memory
    mov (%rdi),%rsp
    ret

# CHECK-DAG: from_register - loads rsp from elsewhere at {{.*}}
    function from_register
    mov %rsi,%rsp
    ret

# CHECK-DAG: exchanged - loads rsp from elsewhere at {{.*}}
    function exchanged
    xchg %rsp,%rax
    xchg %rsp,%rax
    ret

# CHECK-DAG: half - {{.*}}rsp{{.*}}
    function half
    mov %eax,%esp
    ret

# CHECK-DAG: pop_rsp - loads rsp from elsewhere at {{.*}}
    function pop_rsp
    push %rdi
    pop %rsp
    ret

# Saved and taken back, both at known places.
# CHECK-DAG: saved_in_register 32
    function saved_in_register
    mov %rsp,%rcx
    sub $32,%rsp
    mov %rcx,%rsp
    ret

# CHECK-DAG: saved_on_stack 40
    function saved_on_stack
    mov %rsp,%rcx
    sub $40,%rsp
    mov %rcx,16(%rsp)
    xor %ecx,%ecx
    mov 16(%rsp),%rsp
    ret

# The same, but a store of 32 bytes lies over the saved word.
# CHECK-DAG: overwritten_on_stack - loads rsp from elsewhere at {{.*}}
    function overwritten_on_stack
    mov %rsp,%rcx
    sub $40,%rsp
    mov %rcx,16(%rsp)
    vmovups %ymm0,-8(%rsp)
    mov 16(%rsp),%rsp
    ret

# CHECK-DAG: enter - control or rsp moves in a way that is not followed (ENTER) at {{.*}}
    function enter
    enter $8,$0
    leave
    ret
