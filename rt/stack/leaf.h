/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Start-up of the leaf functions' slots.
 */
#ifndef CAPR_LEAF_H
#define CAPR_LEAF_H

#include "../layout.h"

/* Decides for each leaf function whether it runs in place or borrowed. Plain code; called once. */
CAPR_HIDDEN void capr__leaf_init(void);

/* Whether a leaf function's code begins at `address`. Plain code; async-signal-safe. */
CAPR_HIDDEN int capr__leaf_begins(uint64_t address);

#endif
