// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Loops that wait for another thread by looking at memory. On kernel threads the other one runs meanwhile; here it would not before
// the loop ends, which is never. So such a loop carries a look: it counts its rounds, and gives way after some.
#ifndef CAPRICCIO_SPINLOOPS_H
#define CAPRICCIO_SPINLOOPS_H

#include "Options.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/IR/Module.h"

namespace capriccio {

struct SpinLoops {
  llvm::DenseMap<const llvm::Function *, unsigned> Looks; // loops with a look, of functions that have any
  unsigned Total = 0;

  /// Finds the loops of `M` that wait and puts looks there. Adds calls and blocks: before anything is known of pointers, calls or
  /// frames, and after static allocas were gathered.
  SpinLoops(llvm::Module &M, const Options &O);
};

} // namespace capriccio

#endif
