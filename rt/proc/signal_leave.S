/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The way out of a signal handler for a thread that ends in it: from the alternate stack, where nothing may give way, back to the
 * stack that was interrupted. What lies below rsp there (a leaf function's red zone) is needed no more.
 */
#include "../asm.h"
#include "jmpbuf.h"

/* void capr__signal_leave(void *result, uint64_t limit, uint64_t big_sp, uint64_t rsp) */
function capr__signal_leave
    .cfi_undefined %rip
    movq %rcx, %rsp
    andq $-16, %rsp
    movq %rsi, FS_LIMIT
    movq %rdx, WORKER(CAPR_W_BIG_SP)
    movl $0, WORKER(CAPR_W_IN_SIGNAL)
    xorl %ebp, %ebp
    call capr__thread_exit
    ud2
end_function capr__signal_leave
