// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The locals of one function that lie in its frame: their names and bytes, and whether a call finds them in use.
#ifndef CAPRICCIO_STACKLOCALS_H
#define CAPRICCIO_STACKLOCALS_H

#include "llvm/ADT/SmallVector.h"
#include "llvm/Analysis/LoopInfo.h"
#include "llvm/Analysis/StackLifetime.h"
#include "llvm/IR/DebugLoc.h"
#include "llvm/IR/Dominators.h"
#include "llvm/IR/Instructions.h"
#include <memory>

namespace capriccio {

struct StackLocal {
  const llvm::AllocaInst *Slot = nullptr;
  uint64_t Bytes = 0;
  std::string Name;       // of the variable; empty without debug information
  llvm::DebugLoc Where;   // its declaration
  llvm::SmallVector<const llvm::Instruction *, 8> Uses; // that read, write or pass on its address
  bool Escapes = false;   // its address is kept somewhere: any later code may use it
};

/// How a local stands to a call.
enum class During : uint8_t {
  Idle,     // the call finds it out of scope, or never used after, or never used before
  Argument, // the call itself gets its address
  Kept,     // used before the call on a path to it, and again on a path from it
};

class StackLocals {
public:
  /// Static locals of `F` of at least `Smallest` bytes, largest first.
  StackLocals(const llvm::Function &F, uint64_t Smallest);

  llvm::ArrayRef<StackLocal> locals() const { return Locals; }

  /// A guess on the safe side of Kept where the address escapes or the control flow is too large to follow.
  During during(const StackLocal &L, const llvm::CallBase &Call) const;

  const llvm::LoopInfo &loops() const { return Loops; }

private:
  llvm::SmallVector<StackLocal, 0> Locals;
  llvm::DominatorTree Dominators;
  llvm::LoopInfo Loops;
  std::unique_ptr<llvm::StackLifetime> Lifetime;
};

} // namespace capriccio

#endif
