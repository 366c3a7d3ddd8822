# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# A callee that does not return is counted like any other; what stands behind the call is not reached.
# RUN: %link %s -o %t.so && %capstack bounds %t.so | %filecheck %s

    .macro function name
    .globl \name
    .type \name,@function
    .set .L\name,\name
\name:
    .endm

# CHECK-DAG: stops 40
    function stops
    sub $40,%rsp
    ud2

# CHECK-DAG: calls_it 56
    function calls_it
    push %rbx
    call .Lstops
# Whoever came here would leave by the wrong depth.
    ret

# CHECK-DAG: only_loops 8
    function only_loops
    push %rbx
1:  jmp 1b

# CHECK-DAG: halts_on_one_path 56
    function halts_on_one_path
    push %rbx
    test %edi,%edi
    jne 1f
    pop %rbx
    ret
1:  call .Lstops
    .byte 0x06

# An exit by the kernel is not known to be one: the next instruction counts.
# CHECK-DAG: exits - undecodable instruction at {{.*}}
    function exits
    mov $60,%eax
    syscall
    .byte 0x06
