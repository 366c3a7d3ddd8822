// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// -fcapriccio-check-icalls: a test of the sets that the pass relies on, at run time.
#ifndef CAPRICCIO_CHECKINDIRECTCALLS_H
#define CAPRICCIO_CHECKINDIRECTCALLS_H

#include "IndirectTargets.h"
#include "Options.h"

namespace capriccio {

/// Puts a call of __capr_check_icall before each indirect call, with what `Targets` says of it. Before frames are measured. Returns
/// the number of calls.
unsigned checkIndirectCalls(llvm::Module &M, const IndirectTargets &Targets, const Options &O);

} // namespace capriccio

#endif
