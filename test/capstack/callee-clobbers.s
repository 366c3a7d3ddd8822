# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# That callees preserve rbp is not assumed but seen in their code.
# RUN: %link %s -o %t.so && %capstack bounds %t.so | %filecheck %s

    .macro function name
    .globl \name
    .type \name,@function
\name:
    .endm

# CHECK-DAG: of_a_good_callee 24
    function of_a_good_callee
    push %rbp
    mov %rsp,%rbp
    call .Lgood
    call .Lgood_by_way
    leave
    ret
.Lgood:
    push %rbp
    xor %ebp,%ebp
    pop %rbp
    ret
.Lgood_by_way:
    mov %rbp,%rcx
    push %rcx
    xor %ebp,%ebp
    pop %rdx
    mov %rdx,%rbp
    ret

# CHECK-DAG: of_a_bad_callee - loads rsp from elsewhere at {{.*}}
    function of_a_bad_callee
    push %rbp
    mov %rsp,%rbp
    call .Lbad
    leave
    ret
.Lbad:
    xor %ebp,%ebp
    ret

# Only on one of its paths.
# CHECK-DAG: of_a_sly_callee - loads rsp from elsewhere at {{.*}}
    function of_a_sly_callee
    push %rbp
    mov %rsp,%rbp
    call .Lsly
    leave
    ret
.Lsly:
    test %edi,%edi
    jne .Lbad
    ret

# The kernel keeps it.
# CHECK-DAG: of_the_kernel 8
    function of_the_kernel
    push %rbp
    mov %rsp,%rbp
    mov $39,%eax
    syscall
    leave
    ret

# A load by the x87 unit just below the saved register is not a store over it.
# CHECK-DAG: of_a_callee_that_loads 28
    function of_a_callee_that_loads
    push %rbp
    mov %rsp,%rbp
    call .Lloads
    leave
    ret
.Lloads:
    push %rbp
    mov %rsp,%rbp
    fildl -4(%rbp)
    fimuls -2(%rbp)
    fldcw -2(%rbp)
    fstp %st
    pop %rbp
    ret
