// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which loops wait: whether another thread has to run before the loop can end.
#ifndef CAPRICCIO_WAITLOOPS_H
#define CAPRICCIO_WAITLOOPS_H

#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/IR/Module.h"
#include <vector>

namespace capriccio {

/// What a call of a function may do to the loop that it is in.
struct CalleeSummary {
  bool Waits = false;     // its result is up to other threads
  bool Leaves = false;    // leaves in memory what is up to other threads
  bool Pauses = false;    // says `pause` and returns
  bool Works = false;     // does more than looking: changes memory, calls code that is not known
  bool GivesWay = false;  // on every way through it other threads have a turn
};

/// The edge from `From` to the head of a loop that waits: where each round ends.
struct BackEdge {
  llvm::BasicBlock *From, *Head;
};

class WaitLoops {
  llvm::DenseMap<const llvm::Function *, CalleeSummary> Summaries;
  llvm::DenseSet<const llvm::Function *> Runtime;

public:
  /// Summaries of all functions. `Runtime` are the runtime's own, in which no loop is looked for.
  WaitLoops(const llvm::Module &M, llvm::DenseSet<const llvm::Function *> Runtime);

  /// The back edges of the loops of `F` that wait, over which a round may end in which nothing gives way; one entry for each loop.
  std::vector<std::vector<BackEdge>> find(llvm::Function &F) const;

  const CalleeSummary &of(const llvm::Instruction &Call) const;
};

} // namespace capriccio

#endif
