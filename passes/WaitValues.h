// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Where values come from: from what other threads change, or from what the loop itself makes. WaitLoops.cpp asks this of the values that
// decide whether a loop is left.
#ifndef CAPRICCIO_WAITVALUES_H
#define CAPRICCIO_WAITVALUES_H

#include "WaitLoops.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/IR/CFG.h"
#include "llvm/IR/CycleInfo.h"
#include "llvm/IR/Instructions.h"

namespace capriccio {

/// The address of an access that other threads are expected to answer, else null.
const llvm::Value *sharedAddress(const llvm::Instruction &I);

/// The local variable that an address points into, if nobody else knows it.
const llvm::AllocaInst *ownLocal(const llvm::Value *Address);

/// What a value depends on, as far as the loop (or function) in question makes it.
struct Origin {
  bool Waits = false;  // on an access to the same address in each round
  bool Walks = false;  // on an access to an address that is computed anew in each round
  bool Counts = false; // on what the rounds before have made
  bool Memory = false; // on memory that nothing says others change
};

/// Where values come from inside one loop: a natural one, or what is left of one that is entered at several places; or inside a function.
class ValueReader {
protected:
  const WaitLoops &Callees;
  const llvm::Cycle *Loop; // null: the whole function
  const llvm::Function &F;

  bool contains(const llvm::BasicBlock *BB) const { return !Loop || Loop->contains(BB); }
  bool isEntry(const llvm::BasicBlock *BB) const { return Loop && Loop->isEntry(BB); }
  bool branches(const llvm::BasicBlock &BB) const {
    return llvm::count_if(llvm::successors(&BB), [&](const llvm::BasicBlock *S) { return contains(S); }) > 1;
  }

public:
  ValueReader(const WaitLoops &Callees, const llvm::Cycle *Loop, const llvm::Function &F)
      : Callees(Callees), Loop(Loop), F(F) {}

  /// Whether it reads what other threads are expected to change.
  bool looksAtShared(const llvm::Instruction &I) const;

  /// What the end of the block decides by.
  static void addCondition(const llvm::BasicBlock &BB, llvm::SetVector<const llvm::Value *> &Values);

  /// The conditions inside that decide whether a round comes to `BB`: of the branches from which it still may, and on another side not.
  void addControls(const llvm::BasicBlock &BB, llvm::SetVector<const llvm::Value *> &Values) const;

  /// Counts: the address is another one in each round; Memory: because it was read (a list).
  Origin addressChanges(const llvm::Value *Address) const;

  /// Goes back from all of `Values`, which grow meanwhile.
  void trace(llvm::SetVector<const llvm::Value *> &Values, Origin &From) const;

private:
  void traceMerge(const llvm::PHINode &Phi, llvm::SetVector<const llvm::Value *> &Values, Origin &From) const;
  void traceLoad(const llvm::LoadInst &L, llvm::SetVector<const llvm::Value *> &Values, Origin &From) const;
};

} // namespace capriccio

#endif
