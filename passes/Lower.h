// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The two edits of the module: before frames are measured (all that may change a frame), and after Placement (callees only).
#ifndef CAPRICCIO_LOWER_H
#define CAPRICCIO_LOWER_H

#include "CallGraph.h"
#include "DynamicAlloca.h"
#include "IndirectTargets.h"
#include "OtherModules.h"

namespace capriccio {

/// Ends the link if the module has something whose stack cannot be made safe.
void refuseUnsupported(const llvm::Module &M);

/// The same for C whose cleanups take an unwinder. Before optimization, which makes calls of what it sees not to throw, as the
/// runtime's waits do not, so that a cancelled thread's cleanups would be left out without a word.
void refuseUnwoundCleanups(const llvm::Module &M);

/// Gives functions of other calling conventions C's, where every caller is known; ends the link where not.
void makeConventionsOrdinary(llvm::Module &M);

/// Sends calls to external functions without a bound through borrow stubs, and indirect calls through __capr_icall unless
/// `Targets` is certain that they stay in the module: then the callee's entry stub makes the only check.
void lowerCalls(llvm::Module &M, const Externals &X, const IndirectTargets &Targets, const OtherModules &Others);

/// Applies Placement's decisions: checkpoint stubs, entry stubs, rooms of dynamic allocas.
/// `Shared`: the module becomes a shared object.
void applyPlacement(CallGraph &G, DynamicAllocas &Allocas, bool Shared);

} // namespace capriccio

#endif
