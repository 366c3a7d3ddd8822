# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# Paths that meet with rsp at different places: no bound, also when a loop makes them.
# RUN: %link %s -o %t.so && %capstack bounds %t.so | %filecheck %s

    .macro function name
    .globl \name
    .type \name,@function
\name:
    .endm

# CHECK-DAG: diamond - paths meet with different stack depths at {{.*}}
    function diamond
    test %edi,%edi
    je 1f
    push %rbx
1:  nop
    ret

# CHECK-DAG: loop - paths meet with different stack depths at {{.*}}
    function loop
1:  push %rbx
    dec %edi
    jne 1b
    ret

# The jump back goes into the middle of what was walked already.
# CHECK-DAG: late_target - paths meet with different stack depths at {{.*}}
    function late_target
    nop
    nop
1:  nop
    nop
    push %rbx
    dec %edi
    jne 1b
    pop %rbx
    ret

# Each path by itself is balanced.
# CHECK-DAG: balanced_arms 48
    function balanced_arms
    test %edi,%edi
    je 1f
    sub $48,%rsp
    add $48,%rsp
    jmp 2f
1:  push %rbx
    pop %rbx
2:  ret

# A saved register that only one path saved is not restored on the other: the caller may not rely on it.
# CHECK-DAG: restores_sometimes 8
    function restores_sometimes
    sub $8,%rsp
    test %edi,%edi
    je 1f
    mov %rbp,(%rsp)
1:  xor %ebp,%ebp
    mov (%rsp),%rbp
    add $8,%rsp
    ret

# CHECK-DAG: relies_on_it - loads rsp from elsewhere at {{.*}}
    function relies_on_it
    push %rbp
    mov %rsp,%rbp
    call .Lrestores_sometimes
    leave
    ret
    .set .Lrestores_sometimes,restores_sometimes
