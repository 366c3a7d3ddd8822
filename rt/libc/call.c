/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A user-level thread's call of libc's own function on the pool (call.h). Fat code.
 */
#include "call.h"

CAPR_HIDDEN long capr__libc_call_in_place(struct capr_libc_job *call) {
    capr__libc_find(call);
    capr__libc_run(&call->job);
    capr__libc_errors(call);
    return call->job.result;
}

CAPR_HIDDEN long capr__libc_call(struct capr_libc_job *call) {
    if (!capr__libc_find(call) || capr__in_place()) return capr__libc_call_in_place(call);
    call->job.run = capr__libc_run;
    call->job.kind = CAPR_JOB_NAMES;
    capr__pool_run(&call->job);
    capr__libc_errors(call);
    return call->job.result;
}
