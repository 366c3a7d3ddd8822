// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A local takes its place in the frame from the function's first instruction to its last, used or not: that is what a blocked
// thread pays. Whether it holds something then decides what a person can do about it. Lifetime markers (of the optimizer, for
// variables in scope) bound it; within them uses count, found by following the address through the function.
#include "StackLocals.h"
#include "Stubs.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Analysis/CFG.h"
#include "llvm/IR/DebugInfo.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/IntrinsicInst.h"

using namespace llvm;

namespace capriccio {
namespace {

/// Calls that POSIX lets use a buffer only until they return. The runtime's definitions may be replaced, so that LLVM infers nothing.
bool givesBuffersBack(StringRef Name) {
  return StringSwitch<bool>(Name)
      .Cases({"read", "write", "recv", "send", "recvfrom", "sendto", "accept", "accept4", "connect"}, true)
      .Cases({"poll", "ppoll", "select", "pselect", "epoll_wait", "epoll_pwait", "nanosleep", "sigwait", "waitpid"}, true)
      .Default(false);
}

/// True if the callee may keep the address that it gets in argument `I`. A borrow stub has no attributes: the function
/// behind it has.
bool keeps(const CallBase &Call, unsigned I) {
  if (Call.doesNotCapture(I))
    return false;
  const auto *Callee = dyn_cast<Function>(Call.getCalledOperand()->stripPointerCastsAndAliases());
  if (!Callee)
    return true;
  if (givesBuffersBack(Callee->getName()))
    return false;
  const Function *Real = borrowedBy(*Callee);
  return !Real || !capturesNothing(Real->getAttributes().getParamAttrs(I).getCaptureInfo());
}

void followAddress(StackLocal &L) {
  SmallPtrSet<const Value *, 16> Seen = {L.Slot};
  SmallVector<const Value *, 16> Work = {L.Slot};
  while (!Work.empty())
    for (const Use &U : Work.pop_back_val()->uses()) {
      const auto *I = cast<Instruction>(U.getUser());
      if (I->isLifetimeStartOrEnd() || I->isDebugOrPseudoInst())
        continue;
      if (isa<GetElementPtrInst, CastInst, PHINode, SelectInst>(I)) {
        if (isa<PtrToIntInst>(I))
          L.Escapes = true;
        else if (Seen.insert(I).second)
          Work.push_back(I);
        continue;
      }
      L.Uses.push_back(I);
      if (const auto *Store = dyn_cast<StoreInst>(I))
        L.Escapes |= U.getOperandNo() == 0 && Store->getValueOperand() == U.get();
      else if (const auto *Call = dyn_cast<CallBase>(I))
        L.Escapes |= isa<IntrinsicInst>(Call) ? Call->getType()->isPointerTy()
                                              : !Call->isArgOperand(&U) || keeps(*Call, Call->getArgOperandNo(&U));
      else
        L.Escapes |= !isa<LoadInst, CmpInst>(I);
    }
}

void nameLocal(StackLocal &L) {
  for (const DbgVariableRecord *Record : findDVRDeclares(const_cast<AllocaInst *>(L.Slot))) {
    L.Name = Record->getVariable()->getName().str();
    L.Where = Record->getDebugLoc();
    return;
  }
}

} // namespace

StackLocals::StackLocals(const Function &F, uint64_t Smallest)
    : Dominators(const_cast<Function &>(F)), Loops(Dominators) {
  const DataLayout &DL = F.getParent()->getDataLayout();
  for (const Instruction &I : instructions(F)) {
    const auto *Slot = dyn_cast<AllocaInst>(&I);
    if (!Slot || !Slot->isStaticAlloca())
      continue;
    StackLocal L;
    L.Slot = Slot;
    L.Bytes = Slot->getAllocationSize(DL)->getFixedValue();
    if (L.Bytes < Smallest)
      continue;
    nameLocal(L);
    followAddress(L);
    auto *Place = upper_bound(Locals, L, [](const StackLocal &A, const StackLocal &B) { return A.Bytes > B.Bytes; });
    Locals.insert(Place, std::move(L));
  }
  SmallVector<const AllocaInst *, 8> Slots;
  for (const StackLocal &L : Locals)
    Slots.push_back(L.Slot);
  Lifetime = std::make_unique<StackLifetime>(F, Slots, StackLifetime::LivenessType::May);
  Lifetime->run();
}

During StackLocals::during(const StackLocal &L, const CallBase &Call) const {
  if (is_contained(L.Uses, &Call))
    return During::Argument;
  if (!Lifetime->isReachable(&Call) || !Lifetime->isAliveAfter(L.Slot, &Call))
    return During::Idle;
  auto Before = [&](const Instruction *I) { return isPotentiallyReachable(I, &Call, nullptr, &Dominators, &Loops); };
  auto After = [&](const Instruction *I) { return isPotentiallyReachable(&Call, I, nullptr, &Dominators, &Loops); };
  if (none_of(L.Uses, Before))
    return During::Idle;
  return L.Escapes || any_of(L.Uses, After) ? During::Kept : During::Idle;
}

} // namespace capriccio
