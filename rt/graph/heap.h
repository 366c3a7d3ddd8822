/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * What the running thread allocates and frees, while worker.armed. Emitted code calls these (passes/HeapCalls.cpp). Plain code.
 */
#ifndef CAPR_GRAPH_HEAP_H
#define CAPR_GRAPH_HEAP_H

#include "../layout.h"

/* `block`, or NULL, is new; is about to be freed. */
CAPR_HIDDEN void capr__heap_taken(void *block);
CAPR_HIDDEN void capr__heap_given(void *block);

#endif
