// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Calls of the malloc family tell the runtime what they allocate and free, while it times a thread's way through the blocking graph.
#ifndef CAPRICCIO_HEAPCALLS_H
#define CAPRICCIO_HEAPCALLS_H

#include "llvm/IR/Module.h"

namespace capriccio {

/// Before calls are lowered.
void countHeapCalls(llvm::Module &M);

} // namespace capriccio

#endif
