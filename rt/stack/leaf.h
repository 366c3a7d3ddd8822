/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Start-up of the leaf functions' slots.
 */
#ifndef CAPR_LEAF_H
#define CAPR_LEAF_H

#include "../layout.h"

/* Decides for each leaf function whether it runs in place or borrowed. Plain code; called once. */
CAPR_HIDDEN void capr__leaf_init(void);

#endif
