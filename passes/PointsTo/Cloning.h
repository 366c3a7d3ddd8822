// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which functions the solver instantiates anew for each call: wrappers of allocation functions, so that what they return
// is an object of its own for each caller. Any choice is sound, since an instance is complete; this one is meant to
// tell apart much at little cost.
#ifndef CAPRICCIO_POINTSTO_CLONING_H
#define CAPRICCIO_POINTSTO_CLONING_H

#include "llvm/ADT/DenseSet.h"
#include "llvm/IR/Module.h"

namespace capriccio::pointsto {

class Cloning {
  llvm::DenseSet<const llvm::Function *> Wrappers;

public:
  explicit Cloning(const llvm::Module &M);
  bool worthwhile(const llvm::Function &F) const { return Wrappers.contains(&F); }
  size_t size() const { return Wrappers.size(); }
};

} // namespace capriccio::pointsto

#endif
