# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# What a function touches below rsp counts: to the byte at a known offset, the whole red zone where the offset is lost in a
# leaf. A function that makes calls has no red zone to lose an address in.
# RUN: %link %s -o %t.so && %capstack bounds %t.so | %filecheck %s

    .macro function name
    .globl \name
    .type \name,@function
\name:
    .endm

# CHECK-DAG: exact 40
    function exact
    mov %rdi,-8(%rsp)
    movups %xmm0,-40(%rsp)
    mov -8(%rsp),%rax
    ret

# CHECK-DAG: reads 24
    function reads
    mov -24(%rsp),%rax
    ret

# CHECK-DAG: by_frame_pointer 32
    function by_frame_pointer
    push %rbp
    mov %rsp,%rbp
    mov %edi,-24(%rbp)
    pop %rbp
    ret

# CHECK-DAG: only_address 0
    function only_address
    lea -64(%rsp),%rax
    ret

# CHECK-DAG: through_copy 72
    function through_copy
    lea -64(%rsp),%rax
    mov %rdi,-8(%rax)
    ret

# CHECK-DAG: indexed 128
    function indexed
    movb $0,-16(%rsp,%rdi)
    mov -16(%rsp),%rax
    ret

# CHECK-DAG: indexed_in_frame 144
    function indexed_in_frame
    sub $16,%rsp
    movb $0,(%rsp,%rdi)
    add $16,%rsp
    ret

# CHECK-DAG: lost_in_loop 128
    function lost_in_loop
    lea -32(%rsp),%rax
1:  movb $0,(%rax)
    inc %rax
    dec %edi
    jne 1b
    ret

# CHECK-DAG: string_store 128
    function string_store
    lea -32(%rsp),%rdi
    mov $4,%ecx
    xor %eax,%eax
    rep stosq
    ret

# CHECK-DAG: escapes_into_memory 128
    function escapes_into_memory
    mov %rsp,(%rdi)
    ret

# CHECK-DAG: escapes_into_vector 128
    function escapes_into_vector
    lea -8(%rsp),%rax
    movq %rax,%xmm0
    movq %xmm0,%rdx
    movb $0,(%rdx)
    ret

# CHECK-DAG: indexed_before_call 32
    function indexed_before_call
    sub $24,%rsp
    movb $0,(%rsp,%rdi)
    call .Lnothing
    add $24,%rsp
    ret
.Lnothing:
    ret
