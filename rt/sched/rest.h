/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * What a worker does that has nothing to run, and what it says when it has. Inside the monitor.
 */
#ifndef CAPR_REST_H
#define CAPR_REST_H

#include "workers.h"

/* There is nothing to run: sleeps until there may be. Returns whether descriptors were looked at since, and some were ready. */
CAPR_HIDDEN int capr__rest(struct capr_worker *w);

/* Looks at descriptors, if no other does. */
CAPR_HIDDEN void capr__rest_look(struct capr_worker *w);

/* `w` has found something to run: somebody is to watch while it does. */
CAPR_HIDDEN void capr__rest_over(struct capr_worker *w);

/* In the handler: the alarm of this worker rings. */
CAPR_HIDDEN void capr__alarm_rings(void);

/* In the child of a fork. */
CAPR_HIDDEN void capr__rest_forked(void);

#endif
