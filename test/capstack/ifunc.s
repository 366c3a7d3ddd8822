# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# An IFUNC needs what its deepest candidate needs, when all candidates are known: constants that the resolver chooses from.
# The two linkers lay out the slots differently: lld gives the IFUNC a plain address, GNU ld fills the variable from the resolver.
# RUN: %link -Wl,-z,relro %s -o %t.so && %capstack bounds %t.so | %filecheck %s
# RUN: clang-22 -shared -nostdlib -fuse-ld=bfd -Wl,--build-id -Wl,-z,relro %s -o %t.bfd.so && %capstack bounds %t.bfd.so | %filecheck %s

    .macro resolver name
    .globl \name
    .type \name,@gnu_indirect_function
\name:
    .endm

# CHECK-DAG: by_move 24
    resolver by_move
    cpuid
    lea shallow(%rip),%rax
    test $1,%ecx
    jne 1f
    lea deep(%rip),%rdx
    test $2,%ecx
    cmovne %rdx,%rax
1:  ret

# CHECK-DAG: by_word 24
    resolver by_word
    mov table(%rip),%rax
    test $1,%edi
    je 1f
    mov table+8(%rip),%rax
1:  ret

# The features come from a call, the choice is still among constants.
# CHECK-DAG: after_call 24
    resolver after_call
    push %rbx
    call features@PLT
    mov %rax,%rdx
    lea shallow(%rip),%rcx
    lea deep(%rip),%rax
    test %edx,%edx
    cmove %rcx,%rax
    pop %rbx
    ret

# CHECK-DAG: from_memory - the candidates of the IFUNC resolver are not known at {{.*}}
    resolver from_memory
    lea shallow(%rip),%rax
    mov vdso(%rip),%rdx
    test %rdx,%rdx
    cmovne %rdx,%rax
    ret

# CHECK-DAG: from_call - the candidates of the IFUNC resolver are not known at {{.*}}
    resolver from_call
    sub $8,%rsp
    call features@PLT
    add $8,%rsp
    ret

# CHECK-DAG: one_unbounded - indirect call at {{.*}}
    resolver one_unbounded
    lea shallow(%rip),%rax
    lea unbounded(%rip),%rdx
    test %edi,%edi
    cmovne %rdx,%rax
    ret

# CHECK-DAG: not_code - the candidates of the IFUNC resolver are not known at {{.*}}
    resolver not_code
    lea table(%rip),%rax
    ret

# A call inside the library goes through a slot that the loader fills by the resolver: 8 and 24.
# CHECK-DAG: caller 40
    .globl caller
    .type caller,@function
caller:
    push %rbx
    call hidden@PLT
    pop %rbx
    ret
    .hidden hidden
    .globl hidden
    .type hidden,@gnu_indirect_function
hidden:
    lea shallow(%rip),%rax
    lea deep(%rip),%rdx
    test %edi,%edi
    cmovne %rdx,%rax
    ret

# A variable of the program that starts with the address of an IFUNC, and may change.
# CHECK-DAG: by_variable - indirect call at {{.*}}
    .globl by_variable
    .type by_variable,@function
by_variable:
    push %rbx
    call *variable(%rip)
    pop %rbx
    ret

    .type shallow,@function
shallow:
    ret
    .type deep,@function
deep:
    sub $24,%rsp
    add $24,%rsp
    ret
    .type unbounded,@function
unbounded:
    push %rbx
    call *%rdi
    pop %rbx
    ret

    .section .data.rel.ro,"aw"
table: .quad shallow, deep
    .data
variable: .quad hidden
    .bss
vdso: .quad 0
