# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# A jump through a table is followed when the index is proved to lie in it and nobody can change the table.
# RUN: %link %s -o %t.so && %capstack bounds %t.so | %filecheck %s

    .macro function name
    .globl \name
    .type \name,@function
\name:
    .endm

# As compilers emit a switch.
# CHECK-DAG: switched 24
    function switched
    cmp $2,%edi
    ja .Ldefault
    mov %edi,%edi
    lea .Ltable(%rip),%rdx
    movslq (%rdx,%rdi,4),%rax
    add %rdx,%rax
    jmp *%rax
.Lcase0:
    push %rbx
    pop %rbx
    ret
.Lcase1:
    sub $24,%rsp
    add $24,%rsp
.Ldefault:
    ret
.Lcase2:
    ret

# Masked, not compared; the code lies at equal distances (hand-written assembly).
# CHECK-DAG: computed 16
    function computed
    and $1,%edi
    shl $5,%edi
    lea .Lsteps(%rip),%rax
    add %rdi,%rax
    jmp *%rax
    .p2align 5
.Lsteps:
    push %rbx
    push %rbx
    add $16,%rsp
    ret
    .p2align 5
    ret

# CHECK-DAG: unchecked - indirect jump at {{.*}}
    function unchecked
    mov %edi,%edi
    lea .Ltable(%rip),%rdx
    movslq (%rdx,%rdi,4),%rax
    add %rdx,%rax
    jmp *%rax

# The comparison is of 32 bits, the index has 64.
# CHECK-DAG: half_checked - indirect jump at {{.*}}
    function half_checked
    cmp $2,%edi
    ja 1f
    lea .Ltable(%rip),%rdx
    movslq (%rdx,%rdi,4),%rax
    add %rdx,%rax
    jmp *%rax
1:  ret

# The register is changed between comparison and use.
# CHECK-DAG: changed - indirect jump at {{.*}}
    function changed
    cmp $2,%rdi
    ja 1f
    inc %rdi
    lea .Ltable(%rip),%rdx
    movslq (%rdx,%rdi,4),%rax
    add %rdx,%rax
    jmp *%rax
1:  ret

# A signed comparison lets negative numbers through.
# CHECK-DAG: signed_check - indirect jump at {{.*}}
    function signed_check
    cmp $2,%rdi
    jg 1f
    lea .Ltable(%rip),%rdx
    movslq (%rdx,%rdi,4),%rax
    add %rdx,%rax
    jmp *%rax
1:  ret

# CHECK-DAG: writable_table - indirect jump at {{.*}}
    function writable_table
    cmp $1,%rdi
    ja 1f
    lea writable(%rip),%rdx
    jmp *(%rdx,%rdi,8)
1:  ret

# 15 + a - b where a < b, both below 16 (strcmp of glibc).
# CHECK-DAG: ordered 8
    function ordered
    and $15,%ecx
    and $15,%eax
    cmp %eax,%ecx
    je .Ldefault
    ja 1f
    xchg %eax,%ecx
1:  lea 15(%rax),%r9
    sub %rcx,%r9
    lea .Lfifteen(%rip),%r10
    movslq (%r10,%r9,4),%r9
    lea (%r10,%r9),%r10
    jmp *%r10
.Lone:
    push %rbx
    pop %rbx
    ret

# The same without the exchange: the order is known on one of the two paths only.
# CHECK-DAG: unordered - {{.*}}
# CHECK-NOT: unordered {{[0-9]+}}
    function unordered
    and $15,%ecx
    and $15,%eax
    cmp %eax,%ecx
    je .Ldefault
    ja 1f
    nop
1:  lea 15(%rax),%r9
    sub %rcx,%r9
    lea .Lfifteen(%rip),%r10
    movslq (%r10,%r9,4),%r9
    lea (%r10,%r9),%r10
    jmp *%r10

    .section .rodata,"a"
    .p2align 2
.Ltable: .long .Lcase0-.Ltable, .Lcase1-.Ltable, .Lcase2-.Ltable
.Lfifteen: .rept 15
    .long .Lone-.Lfifteen
    .endr
# What lies behind the table leads nowhere.
    .long 0x40000000, 0x40000000
    .data
writable: .quad .Lcase0, .Lcase1
