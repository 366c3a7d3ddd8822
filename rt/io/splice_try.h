/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Between splice.c, which waits on the thread's stack, and splice_try.c, which asks the kernel on the big stack.
 */
#ifndef CAPR_IO_SPLICE_TRY_H
#define CAPR_IO_SPLICE_TRY_H

#include "../pool/pool.h"

/* Makes the splice or tee of `job` as far as it does not wait. What it returns, -EAGAIN: nothing was done. */
CAPR_HIDDEN long capr__splice_try(const struct capr_job *job);

#endif
