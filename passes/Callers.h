// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef CAPRICCIO_CALLERS_H
#define CAPRICCIO_CALLERS_H

#include "CallGraph.h"
#include "Options.h"

namespace capriccio {

/// Writes Options::CallersFile, if there is one: for each call that goes to code outside the module over a stub, the function's name,
/// a tab and the call's place, three calls of a function at most. Call it before applyPlacement, which renames
/// functions.
void writeCallers(const CallGraph &G, const Options &O);

} // namespace capriccio

#endif
