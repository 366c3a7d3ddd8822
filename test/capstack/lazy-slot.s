# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# A call through a slot that is bound at the first call runs the loader on the caller's stack; one that is bound early may
# still lead into another library. Neither has a bound, even if this file defines the name.
# RUN: %link %s -o %t.so && %capstack bounds %t.so | %filecheck %s --check-prefixes=CHECK,LAZY
# RUN: %link-now %s -o %t.now.so && %capstack bounds %t.now.so | %filecheck %s --check-prefixes=CHECK,NOW

    .macro function name
    .globl \name
    .type \name,@function
\name:
    .endm

# LAZY-DAG: to_other - calls other through a lazily bound slot at {{.*}}
# NOW-DAG: to_other - calls other, which another library may define at {{.*}}
    function to_other
    push %rbx
    call other@PLT
    pop %rbx
    ret

# LAZY-DAG: to_own - calls own through a lazily bound slot at {{.*}}
# NOW-DAG: to_own - calls own, which another library may define at {{.*}}
    function to_own
    jmp own@PLT

# CHECK-DAG: by_table - calls other, which another library may define at {{.*}}
    function by_table
    push %rbx
    call *other@GOTPCREL(%rip)
    pop %rbx
    ret

# CHECK-DAG: own 8
    function own
    push %rbx
    pop %rbx
    ret

# CHECK-DAG: to_protected 24
    function to_protected
    push %rbx
    call .Lown
    pop %rbx
    ret
    .set .Lown,own
