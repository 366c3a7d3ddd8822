// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// -Wcapriccio-blocking-in-critical-section: a thread that waits while it holds a lock makes all wait that want the lock. With a thread
// per connection these may be all there are, and no run of a test shows it.
#ifndef CAPRICCIO_CRITICALSECTIONS_H
#define CAPRICCIO_CRITICALSECTIONS_H

#include "Options.h"
#include "llvm/IR/Module.h"

namespace capriccio {

/// Warns, as `O` says, on standard error; ends the link if a warning is an error. Works on a copy of the module: what is generated is
/// the same with the warnings and without. To be run before the link's optimizations, while calls of the runtime are calls.
void warnOfCriticalSections(const llvm::Module &M, const Options &O);

} // namespace capriccio

#endif
