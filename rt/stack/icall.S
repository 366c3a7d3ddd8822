/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * An indirect call whose target (r10) may be external: in place when the target is an entry stub of this module, which checks for
 * itself, borrowed otherwise. The bounds of the section of entry stubs are variables that init.c fills, since a program linked
 * without the pass has no such section and then every address counts as inside.
 */
#include "../asm.h"

function __capr_icall
    movq %r10, %r11
    subq capr__entry_start(%rip), %r11
    cmpq capr__entry_bytes(%rip), %r11
    jae __capr_borrow
    jmp *%r10
end_function __capr_icall
