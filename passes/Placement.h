// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Decides which call edges carry a checkpoint. A pure function of the call graph: it reads and writes no IR.
#ifndef CAPRICCIO_PLACEMENT_H
#define CAPRICCIO_PLACEMENT_H

#include "CallGraph.h"

namespace capriccio {

/// Sets each Direct edge's kind, each node's Depth and EntryChecked (paper, section 3.2): an edge that closes a cycle gets a
/// checkpoint, then, bottom-up, an edge over which the longest path without a checkpoint would pass `MaxPath` bytes.
void place(CallGraph &G, uint64_t MaxPath, uint64_t EntryInPlace);

void printPlacement(const CallGraph &G, llvm::raw_ostream &OS);

} // namespace capriccio

#endif
