/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * What the idle thread asks when nothing is ready and nothing can come.
 */
#ifndef CAPR_DEADLOCK_H
#define CAPR_DEADLOCK_H

#include "../layout.h"

/* No thread is ready, no timer runs, no descriptor is waited for: says so if it is a deadlock, once; ends the program if that was
 * asked for (CAPRICCIO_DEADLOCK). On the idle thread. */
CAPR_HIDDEN void capr__deadlock_look(struct capr_worker *w);

/* Not NULL: the thread that is to print its call chain, in place of running signal handlers (proc/sigqueue.c). */
extern CAPR_HIDDEN struct capr_thread *capr__deadlock_turn;
CAPR_HIDDEN void capr__deadlock_chain(void);

#endif
