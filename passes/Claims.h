// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the pass relied on, left in the finished file for `capstack verify` to check.
#ifndef CAPRICCIO_CLAIMS_H
#define CAPRICCIO_CLAIMS_H

#include "CallGraph.h"
#include "DynamicAlloca.h"
#include "Options.h"

namespace capriccio {

/// Appends the claims note (docs/abi.md, "Claims") to the module. After the second edit: it names entry stubs and bodies.
void emitClaims(llvm::Module &M, const CallGraph &G, const Externals &X, const IndirectTargets &Targets,
                const DynamicAllocas &Allocas, const Options &O);

} // namespace capriccio

#endif
