/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The slow path of entry stubs of functions that never block: r10 and r11 as for __capr_link. Off the big stack the function is
 * borrowed for, since it will not hold the stack while its thread waits; on it, where it ran out of room, a chunk is linked.
 */
#include "../asm.h"

function __capr_grow
    cmpq $0, WORKER(CAPR_W_BIG_SP)
    je __capr_link
    shrq $32, %r11
    jne __capr_borrow_args
    jmp __capr_borrow
end_function __capr_grow
