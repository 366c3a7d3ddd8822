/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * An indirect call whose target (r10) may be external: in place when the target is an entry stub of this module or of a shared
 * object that capcc linked, which checks for itself, borrowed otherwise. The bounds of the section of entry stubs are variables that init.c fills, since a program linked
 * without the pass has no such section and then every address counts as inside.
 */
#include "../asm.h"

function __capr_icall
    movq %r10, %r11
    subq capr__entry_start(%rip), %r11
    cmpq capr__entry_bytes(%rip), %r11
    jae __capr_far
    jmp *%r10
end_function __capr_icall

/* Goes on at \found if r10 is an entry stub of a module on the list, at \other if not. Changes r11. A kernel thread that is no
 * worker calls everything in place, so it is spared the list, which only workers may walk. */
.macro walk found, other
    movq capr__modules(%rip), %r11
1:  testq %r11, %r11
    je \other
    cmpq CAPR_M_START(%r11), %r10
    jb 2f
    cmpq CAPR_M_END(%r11), %r10
    jb \found
2:  movq CAPR_M_NEXT(%r11), %r11
    jmp 1b
.endm

.macro none_goes_to other
    cmpq $0, capr__modules(%rip)
    je \other
    cmpq $0, FS_LIMIT
    je \other
.endm

/* The target (r10) is no entry stub of the calling module: in place if it is one of another, borrowed otherwise. */
function __capr_far
    none_goes_to __capr_borrow
    walk .Lfar_found, __capr_borrow
.Lfar_found:
    jmp *%r10
end_function __capr_far

/* The same with r11 bytes of stack arguments. */
function __capr_far_args
    none_goes_to __capr_borrow_args
    pushq %r11
    .cfi_def_cfa_offset 16
    walk .Largs_found, .Largs_other
.Largs_found:
    popq %r11
    .cfi_remember_state
    .cfi_def_cfa_offset 8
    jmp *%r10
    .cfi_restore_state
.Largs_other:
    popq %r11
    .cfi_def_cfa_offset 8
    jmp __capr_borrow_args
end_function __capr_far_args

/* The same with a variadic type, and perhaps no stack arguments: makes the check for variadic functions, whose entry stubs do not
 * know how many bytes of arguments would have to move. */
function __capr_far_variadic
    none_goes_to .Lvariadic_other
    pushq %r11
    .cfi_def_cfa_offset 16
    walk .Lvariadic_found, .Lvariadic_none
.Lvariadic_found:
    popq %r11
    .cfi_remember_state
    .cfi_def_cfa_offset 8
    shlq $32, %r11
    orq -8(%r10), %r11
    pushq %rax
    .cfi_def_cfa_offset 16
    movl %r11d, %eax
    negq %rax
    leaq 8(%rsp, %rax), %rax
    cmpq FS_LIMIT, %rax
    popq %rax
    .cfi_def_cfa_offset 8
    jb __capr_link
    jmp *%r10
    .cfi_restore_state
.Lvariadic_none:
    popq %r11
    .cfi_def_cfa_offset 8
.Lvariadic_other:
    testq %r11, %r11
    jne __capr_borrow_args
    jmp __capr_borrow
end_function __capr_far_variadic
