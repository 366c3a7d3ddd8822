// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Goes back from a value over what made it, inside the loop: an access that others answer ends a way, and so does what comes from outside.
// What goes through a local variable whose address nobody knows is followed from its stores, so that code as it is at -O0 reads like any other.
#include "WaitValues.h"
#include "llvm/Analysis/ValueTracking.h"

using namespace llvm;

namespace capriccio {

const Value *sharedAddress(const Instruction &I) {
  if (const auto *L = dyn_cast<LoadInst>(&I))
    return L->isVolatile() || L->isAtomic() ? L->getPointerOperand() : nullptr;
  if (const auto *R = dyn_cast<AtomicRMWInst>(&I))
    return R->getPointerOperand();
  if (const auto *C = dyn_cast<AtomicCmpXchgInst>(&I))
    return C->getPointerOperand();
  return nullptr;
}

/// Whether the address of a local variable gets anywhere but into accesses. Not LLVM's own analysis: for that a volatile access is a way
/// out.
static bool isKnownElsewhere(const AllocaInst &Local) {
  SetVector<const Value *> Values;
  Values.insert(&Local);
  for (unsigned I = 0; I != Values.size(); ++I)
    for (const Use &U : Values[I]->uses()) {
      const User *By = U.getUser();
      if (isa<GetElementPtrInst, CastInst, PHINode, SelectInst>(By))
        Values.insert(By);
      else if (const auto *CB = dyn_cast<CallBase>(By)) {
        if (!CB->isDataOperand(&U) || !CB->doesNotCapture(CB->getDataOperandNo(&U)))
          return true;
      } else if (const auto *S = dyn_cast<StoreInst>(By)) {
        if (U.getOperandNo() != S->getPointerOperandIndex())
          return true;
      } else if (const auto *R = dyn_cast<AtomicRMWInst>(By)) {
        if (U.getOperandNo() != R->getPointerOperandIndex())
          return true;
      } else if (const auto *C = dyn_cast<AtomicCmpXchgInst>(By)) {
        if (U.getOperandNo() != C->getPointerOperandIndex())
          return true;
      } else if (!isa<LoadInst, ICmpInst>(By)) {
        return true;
      }
    }
  return false;
}

const AllocaInst *ownLocal(const Value *Address) {
  const auto *A = dyn_cast<AllocaInst>(getUnderlyingObject(Address));
  return A && !isKnownElsewhere(*A) ? A : nullptr;
}

static bool isLocal(const Value *Address) { return Address->getType()->isPointerTy() && isa<AllocaInst>(getUnderlyingObject(Address)); }

bool ValueReader::looksAtShared(const Instruction &I) const {
  if (const Value *Address = sharedAddress(I))
    return !ownLocal(Address);
  const auto *CB = dyn_cast<CallBase>(&I);
  if (!CB || CB->isInlineAsm())
    return false;
  const CalleeSummary &Callee = Callees.of(I);
  return Callee.Waits || (Callee.Leaves && any_of(CB->args(), [](const Value *V) { return isLocal(V); }));
}

void ValueReader::addCondition(const BasicBlock &BB, SetVector<const Value *> &Values) {
  const Instruction *End = BB.getTerminator();
  if (End->getNumSuccessors() > 1)
    for (const Value *V : End->operands())
      Values.insert(V);
}

void ValueReader::addControls(const BasicBlock &BB, SetVector<const Value *> &Values) const {
  const BasicBlock *Head = Loop ? Loop->getHeader() : nullptr;
  SetVector<const BasicBlock *> May;
  May.insert(&BB);
  for (unsigned I = 0; I != May.size(); ++I)
    if (May[I] != Head)
      for (const BasicBlock *Before : predecessors(May[I]))
        if (contains(Before))
          May.insert(Before);
  for (const BasicBlock *Above : May)
    if (Above != &BB && any_of(successors(Above), [&](const BasicBlock *S) { return contains(S) && (S == Head || !May.contains(S)); }))
      addCondition(*Above, Values);
}

Origin ValueReader::addressChanges(const Value *Address) const {
  Origin Result;
  SetVector<const Value *> Values;
  Values.insert(Address);
  bool Read = false;
  for (unsigned I = 0; I != Values.size(); ++I) {
    const auto *In = dyn_cast<Instruction>(Values[I]);
    if (!In || !contains(In->getParent()))
      continue;
    if (const auto *Phi = dyn_cast<PHINode>(In)) {
      Result.Counts |= isEntry(Phi->getParent());
      for (unsigned J = 0; J != Phi->getNumIncomingValues(); ++J)
        if (contains(Phi->getIncomingBlock(J)))
          Values.insert(Phi->getIncomingValue(J));
      continue;
    }
    Read |= isa<LoadInst>(In);
    if (isa<LoadInst>(In) && ownLocal(cast<LoadInst>(In)->getPointerOperand()))
      continue; // unoptimized code: taken for the same
    for (const Value *V : In->operands())
      Values.insert(V);
  }
  Result.Memory = Result.Counts && Read;
  return Result;
}

void ValueReader::trace(SetVector<const Value *> &Values, Origin &From) const {
  for (unsigned I = 0; I != Values.size(); ++I) {
    const auto *In = dyn_cast<Instruction>(Values[I]);
    if (!In || !contains(In->getParent()))
      continue;
    if (const auto *Phi = dyn_cast<PHINode>(In)) {
      traceMerge(*Phi, Values, From);
      continue;
    }
    if (looksAtShared(*In)) {
      const Value *Address = sharedAddress(*In);
      Origin Where = Address ? addressChanges(Address) : Origin();
      From.Waits |= !Where.Counts;
      From.Walks |= Where.Counts && !Where.Memory;
      From.Counts |= Where.Memory;
      continue;
    }
    if (const auto *L = dyn_cast<LoadInst>(In)) {
      traceLoad(*L, Values, From);
      continue;
    }
    for (const Value *V : In->operands())
      Values.insert(V);
  }
}

void ValueReader::traceMerge(const PHINode &Phi, SetVector<const Value *> &Values, Origin &From) const {
  From.Counts |= isEntry(Phi.getParent());
  unsigned Inside = 0;
  for (unsigned J = 0; J != Phi.getNumIncomingValues(); ++J)
    if (contains(Phi.getIncomingBlock(J))) {
      Values.insert(Phi.getIncomingValue(J));
      ++Inside;
    }
  if (Inside < 2)
    return;
  // A constant says by which way the round came; any other value speaks for itself.
  for (unsigned J = 0; J != Phi.getNumIncomingValues(); ++J)
    if (const BasicBlock *BB = Phi.getIncomingBlock(J); contains(BB) && isa<Constant>(Phi.getIncomingValue(J))) {
      if (branches(*BB))
        addCondition(*BB, Values);
      addControls(*BB, Values);
    }
}

void ValueReader::traceLoad(const LoadInst &L, SetVector<const Value *> &Values, Origin &From) const {
  const auto *Local = dyn_cast<AllocaInst>(getUnderlyingObject(L.getPointerOperand()));
  if (!Local) {
    (addressChanges(L.getPointerOperand()).Counts ? From.Counts : From.Memory) = true;
    Values.insert(L.getPointerOperand());
    return;
  }
  From.Memory |= !ownLocal(Local);
  for (const BasicBlock &BB : F)
    for (const Instruction &I : BB)
      if (contains(&BB) && isa<CallBase>(I) && looksAtShared(I))
        From.Waits |= any_of(cast<CallBase>(I).args(), [&](const Value *V) { return isLocal(V) && getUnderlyingObject(V) == Local; });
      else if (const auto *S = dyn_cast<StoreInst>(&I); S && contains(&BB) && getUnderlyingObject(S->getPointerOperand()) == Local) {
        From.Counts = true;
        Values.insert(S->getValueOperand());
        if (isa<Constant>(S->getValueOperand()))
          addControls(BB, Values);
      }
}

} // namespace capriccio
