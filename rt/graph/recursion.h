/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Ways from function to function by the calls of one component of the call graph, functions that call each other over whatever others. The
 * word says by which of them a chain came in and by which it left; what is sure of the way between is found here. Plain code.
 */
#ifndef CAPR_GRAPH_RECURSION_H
#define CAPR_GRAPH_RECURSION_H

#include "../layout.h"

/* Does a way lead from `from` to `to` that does not come to `without`? True as well where the component is too large to be sure. */
CAPR_HIDDEN int capr__recursion_passes(uint32_t from, uint32_t to, uint32_t without);

/* Does one lead there that is no call of `to` in `from`, and does not come to `from` again? */
CAPR_HIDDEN int capr__recursion_detours(uint32_t from, uint32_t to);

#endif
