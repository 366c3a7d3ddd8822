# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# A call or jump through a register or writable memory has no bound. Through a word that only the loader writes and then
# protects, it has the target's.
# RUN: %link -Wl,-z,relro %s -o %t.so && %capstack bounds %t.so | %filecheck %s

    .macro function name
    .globl \name
    .type \name,@function
\name:
    .endm

# CHECK-DAG: by_register - indirect call at 0x{{[0-9a-f]+}} in by_register
    function by_register
    push %rbx
    call *%rdi
    pop %rbx
    ret
    .size by_register,.-by_register

# CHECK-DAG: by_argument - indirect call at {{.*}}
    function by_argument
    push %rbx
    call *8(%rdi)
    pop %rbx
    ret

# CHECK-DAG: jump_by_argument - indirect jump at {{.*}}
    function jump_by_argument
    jmp *8(%rdi)

# CHECK-DAG: by_writable - indirect call at {{.*}}
    function by_writable
    push %rbx
    call *writable(%rip)
    pop %rbx
    ret

# CHECK-DAG: by_protected 24
    function by_protected
    push %rbx
    call *protected(%rip)
    pop %rbx
    ret

# CHECK-DAG: by_loaded 24
    function by_loaded
    push %rbx
    mov protected(%rip),%rax
    call *%rax
    pop %rbx
    ret

# CHECK-DAG: by_address 24
    function by_address
    push %rbx
    lea .Ltarget(%rip),%rax
    call *%rax
    pop %rbx
    ret

# CHECK-DAG: through_thread - indirect call at {{.*}}
    function through_thread
    push %rbx
    call *%fs:8
    pop %rbx
    ret

# A caller inherits the reason.
# CHECK-DAG: caller - indirect call at 0x{{[0-9a-f]+}} in by_register
    function caller
    push %rbx
    call .Linner
    pop %rbx
    ret
.Linner:
    jmp .Lby_register
    .set .Lby_register, by_register

.Ltarget:
    push %rbx
    pop %rbx
    ret

    .data
writable: .quad .Ltarget
    .section .data.rel.ro,"aw"
protected: .quad .Ltarget
