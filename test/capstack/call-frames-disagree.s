# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# Call-frame information is a second opinion: where it claims more stack than the code shows, the walk has missed something
# and there is no bound; where it claims less, the code is right and -v says so.
# RUN: %link %s -o %t.so && %capstack bounds -v %t.so 2>%t.notes | %filecheck %s
# RUN: %filecheck %s --check-prefix=NOTE <%t.notes
# RUN: %capstack bounds %t.so 2>&1 | %filecheck %s --check-prefix=QUIET
# QUIET-NOT: {{.*}}note{{.*}}

    .macro function name
    .globl \name
    .type \name,@function
\name:
    .cfi_startproc
    .endm
    .macro end name
    .cfi_endproc
    .size \name,.-\name
    .endm

# NOTE-NOT: {{.*}}agrees{{.*}}
# CHECK-DAG: agrees 16
    function agrees
    push %rbp
    .cfi_def_cfa_offset 16
    mov %rsp,%rbp
    .cfi_def_cfa_register %rbp
    push %rbx
    pop %rbx
    pop %rbp
    .cfi_def_cfa %rsp, 8
    ret
    end agrees

# CHECK-DAG: claims_more - disagrees with call-frame information, which claims a deeper stack, at {{.*}} in claims_more
    function claims_more
    nop
    .cfi_def_cfa_offset 64
    nop
    .cfi_def_cfa_offset 8
    ret
    end claims_more

# CHECK-DAG: claims_more_by_rbp - disagrees with call-frame information, which claims a deeper stack, at {{.*}}
    function claims_more_by_rbp
    push %rbp
    .cfi_def_cfa_offset 16
    mov %rsp,%rbp
    .cfi_def_cfa %rbp, 32
    nop
    pop %rbp
    .cfi_def_cfa %rsp, 8
    ret
    end claims_more_by_rbp

# CHECK-DAG: claims_less 8
# NOTE: capstack: note: {{.*}}.so: 0x{{[0-9a-f]+}} in claims_less: the code is 8 bytes deeper than call-frame information claims
    function claims_less
    push %rbx
    nop
    pop %rbx
    ret
    end claims_less
