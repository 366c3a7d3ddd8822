/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The stack routines under the names that shared objects of capcc's know them by (rt/shared/stubs.S). One jump: the hidden names stay
 * hidden, so that the program's own stubs reach them without a GOT.
 */
#include "../asm.h"

.macro export name, target
    .globl \name
    .type \name, @function
    .balign 16
\name:
    .cfi_startproc
    jmp \target
    .cfi_endproc
    .size \name, . - \name
.endm

    export capr_shared_link, __capr_link
    export capr_shared_grow, __capr_grow
    export capr_shared_borrow, __capr_borrow
    export capr_shared_borrow_args, __capr_borrow_args
    export capr_shared_icall, __capr_icall
    export capr_shared_far_args, __capr_far_args
    export capr_shared_far_variadic, __capr_far_variadic
    export capr_shared_alloca, __capr_alloca
    export capr_shared_alloca_unwind, __capr_alloca_unwind
