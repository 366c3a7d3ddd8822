/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A shared object's way to the stack routines of the program that loads it. References are weak: in a program that capcc did not
 * link there are none, every thread's limit is 0, so no checkpoint fires, and what would borrow calls in place. In a namespace of
 * its own (dlmopen) it does not find them either, but limits there are: the program takes it for external code and calls it on a
 * big stack, which does for it in place of a chunk. All of it hidden, so that several shared objects each have their own. Bound by the dynamic linker before any code of ours runs.
 */
#include "../asm.h"

/* Where a limit has been passed. */
.macro checked_in_place_without name, target
    .weak \target
function \name
    cmpq $0, \target@GOTPCREL(%rip)
    je __capr_borrow
    jmp *\target@GOTPCREL(%rip)
end_function \name
.endm

    checked_in_place_without __capr_link, capr_shared_link
    checked_in_place_without __capr_grow, capr_shared_grow

    .weak capr_shared_alloca
function __capr_alloca
    cmpq $0, capr_shared_alloca@GOTPCREL(%rip)
    je 1f
    jmp *capr_shared_alloca@GOTPCREL(%rip)
1:  leaq 8(%rsp), %rax
    subq %rdi, %rax
    negq %rdx
    andq %rdx, %rax
    ret
end_function __capr_alloca

    .weak capr_shared_alloca_unwind
function __capr_alloca_unwind
    cmpq $0, capr_shared_alloca_unwind@GOTPCREL(%rip)
    je 1f
    jmp *capr_shared_alloca_unwind@GOTPCREL(%rip)
1:  ret
end_function __capr_alloca_unwind

.macro in_place_without name, target
    .weak \target
function \name
    cmpq $0, \target@GOTPCREL(%rip)
    je 1f
    jmp *\target@GOTPCREL(%rip)
1:  jmp *%r10
end_function \name
.endm

    in_place_without __capr_borrow, capr_shared_borrow
    in_place_without __capr_borrow_args, capr_shared_borrow_args
    in_place_without __capr_far_args, capr_shared_far_args
    in_place_without __capr_far_variadic, capr_shared_far_variadic

/* An indirect call: our own entry stubs first, then whatever the program knows. The bounds are 0 until the constructor has run. */
    .weak capr_shared_icall
function __capr_icall
    movq %r10, %r11
    subq capr__entry_start(%rip), %r11
    cmpq capr__entry_bytes(%rip), %r11
    jae __capr_far
    jmp *%r10
end_function __capr_icall
    in_place_without __capr_far, capr_shared_icall
