// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Remarks for -Rpass-analysis=capriccio: what costs stack or time, at the source line that can change it.
#ifndef CAPRICCIO_REMARKS_H
#define CAPRICCIO_REMARKS_H

#include "BlockingChains.h"
#include "CallGraph.h"
#include "Options.h"

namespace capriccio {

/// Prints, if the command line asks for remarks whose name matches "capriccio": frames of at least a quarter of MaxPath, calls in
/// loops that pay for a checkpoint or for the big stack, and locals that lie on the stack while a call blocks (StackLocals.h). For
/// functions of the program alone. After placement, before calls are renamed.
void printRemarks(const CallGraph &G, const BlockingChains &Chains, const Externals &X, const IndirectTargets &Targets,
                  const Options &O);

} // namespace capriccio

#endif
