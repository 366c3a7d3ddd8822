// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Decides which call edges carry a checkpoint. A pure function of the call graph: it reads and writes no IR.
#ifndef CAPRICCIO_PLACEMENT_H
#define CAPRICCIO_PLACEMENT_H

#include "CallGraph.h"

namespace capriccio {

/// Sets each Direct edge's kind, each node's Depth and EntryChecked (paper, section 3.2): an edge that closes a cycle gets a
/// checkpoint, then, bottom-up, an edge over which the longest path without a checkpoint would pass its budget. The budget is
/// `MaxPath` bytes for functions that may block, whose threads pay for the path; the others run on the big stack when they do
/// not fit, so theirs is `BigPath`. An edge from the first kind to the second that does not fit in place, or that leads to
/// recursion, is borrowed for rather than checked. A function whose own edges, cut, spare many callers their checks has them cut,
/// and one that the module has pointers to where rare edges, cut, spare it the check at its entry.
void place(CallGraph &G, uint64_t MaxPath, uint64_t EntryInPlace);

/// Bytes that a path among functions that never block may take between checks: a small part of what a big stack keeps free for
/// external code (CAPR_BIG_ROOM).
constexpr uint64_t BigPath = 65536;

/// What a function may need at most to be borrowed for: half of what a big stack has left at least (CAPR_BIG_ROOM), since a
/// borrow makes no check, and the other half is for external code that the function calls. Larger ones get a chunk.
constexpr uint64_t BigDepth = 524288;

void printPlacement(const CallGraph &G, llvm::raw_ostream &OS);

} // namespace capriccio

#endif
