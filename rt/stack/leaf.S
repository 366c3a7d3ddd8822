/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The C library's leaf functions, under their own names but hidden: one jump through a slot. leaf.c sets each slot at start, to the
 * C library's function where its machine code is the very one whose bound the pass relies on, to a borrowing stub where it is
 * not (another version, an LD_PRELOADed replacement). Until then a slot leads to a stub that asks for the address at each call.
 * Weak: a program with a memcpy of its own keeps it.
 */
#include "../asm.h"

#define CAPR_LEAF(name) leaf name
.macro leaf name
    .weak \name
    .hidden \name
    .type \name, @function
    .balign 8
\name:
    .cfi_startproc
    jmp *capr__leaf_slots + 8 * leaf_index(%rip)
    .cfi_endproc
    .size \name, . - \name
    .set leaf_index, leaf_index + 1
.endm
    .set leaf_index, 0
#include "leaf_names.h"

.macro leaf_borrow name
.Lborrow_\name:
    movq capr__leaf_real + 8 * leaf_index(%rip), %r10
    jmp __capr_borrow
    .set leaf_index, leaf_index + 1
.endm
#undef CAPR_LEAF
#define CAPR_LEAF(name) leaf_borrow name
    .set leaf_index, 0
    .cfi_startproc
#include "leaf_names.h"
    .cfi_endproc

.macro leaf_early name
.Learly_\name:
    movl $leaf_index, %r11d
    jmp early
    .set leaf_index, leaf_index + 1
.endm
#undef CAPR_LEAF
#define CAPR_LEAF(name) leaf_early name
    .set leaf_index, 0
    .cfi_startproc
#include "leaf_names.h"
    .cfi_endproc

/* Before start-up has come to the slots: asks where function number r11d is, goes on there. In a program in place, on a kernel
 * stack; in a shared object both borrow, which together takes 48 bytes. */
    .type early, @function
early:
    .cfi_startproc
    pushq %rdi
    pushq %rsi
    pushq %rdx
    .cfi_adjust_cfa_offset 24
    movl %r11d, %edi
#ifdef CAPR_SHARED
    /* A thread on a small stack may be here before the constructors have run. */
    leaq capr__leaf_find(%rip), %r10
    call __capr_borrow
    popq %rdx
    popq %rsi
    popq %rdi
    .cfi_adjust_cfa_offset -24
    movq %rax, %r10
    jmp __capr_borrow
    .cfi_adjust_cfa_offset 24
#else
    call capr__leaf_find
#endif
    popq %rdx
    popq %rsi
    popq %rdi
    .cfi_adjust_cfa_offset -24
    jmp *%rax
    .cfi_endproc
    .size early, . - early

/* The compiler's canary check calls this from any stack when a buffer has overflowed; libc's aborts with a message, which takes
 * more than a chunk has. */
    .weak __stack_chk_fail
    .hidden __stack_chk_fail
    .type __stack_chk_fail, @function
__stack_chk_fail:
    .cfi_startproc
    movq capr__stack_chk_fail_real(%rip), %r10
    jmp __capr_borrow
    .cfi_endproc
    .size __stack_chk_fail, . - __stack_chk_fail

.macro leaf_slot prefix, name
    .quad .L\prefix\()_\name
.endm
    .section .data.rel.local, "aw", @progbits
    .balign 64
    .globl capr__leaf_slots
    .hidden capr__leaf_slots
    .type capr__leaf_slots, @object
capr__leaf_slots:
#undef CAPR_LEAF
#define CAPR_LEAF(name) leaf_slot early, name
#include "leaf_names.h"
    .size capr__leaf_slots, . - capr__leaf_slots

    .globl capr__leaf_borrow
    .hidden capr__leaf_borrow
    .type capr__leaf_borrow, @object
capr__leaf_borrow:
#undef CAPR_LEAF
#define CAPR_LEAF(name) leaf_slot borrow, name
#include "leaf_names.h"
    .size capr__leaf_borrow, . - capr__leaf_borrow
