/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * How many processors the process may use: CAPRICCIO_WORKERS=auto.
 */
#ifndef CAPR_PROCESSORS_H
#define CAPR_PROCESSORS_H

#include "../layout.h"

/* Those of the affinity mask, at least 1. Plain code. */
CAPR_HIDDEN uint32_t capr__processors(void);

/* So many as the control group's quota of processor time fills, rounded up; UINT32_MAX without a quota. Reads files: for when the program
 * makes its first thread. Plain code. */
CAPR_HIDDEN uint32_t capr__processors_of_quota(void);

#endif
