/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * vfork is fork here: a child that borrows its parent's memory would run our scheduler in it. Fat code, since calls to vfork, as
 * to all that returns twice, are made in place on the thread's stack: from here the pass borrows for fork as for any call.
 */
#include <unistd.h>

#include "../layout.h"

/* vfork(2). POSIX allows what fork does; only the parent does not wait for the child's exec. */
CAPR_INTERPOSE pid_t vfork(void) { return fork(); }
