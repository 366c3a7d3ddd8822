// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which functions may lead to a blocking point. A guess that only decides how often a thread keeps a big stack: borrowing is
// sound whether or not the borrowed function blocks.
#ifndef CAPRICCIO_MAYBLOCK_H
#define CAPRICCIO_MAYBLOCK_H

#include "CallGraph.h"
#include "IndirectTargets.h"

namespace capriccio {

/// Sets Node::MayBlock: the function, or one that it may call inside the module, reaches the runtime's context switch. Indirect
/// calls count by their target sets; calls that leave the module count as not blocking, since they are borrowed for anyway.
void findMayBlock(CallGraph &G, const IndirectTargets &Targets, bool Shared);

} // namespace capriccio

#endif
