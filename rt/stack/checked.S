/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Where most checks go on that found no room: r10 = function, r11 = the lowest address asked for, as the check left it, so that
 * no stub has to name its need a second time (6 bytes of each). Makes the need of it and goes on as the others do.
 */
#include "../asm.h"

function __capr_link_checked
    subq %rsp, %r11
    negq %r11
    jmp __capr_link
end_function __capr_link_checked

function __capr_grow_checked
    subq %rsp, %r11
    negq %r11
    jmp __capr_grow
end_function __capr_grow_checked
