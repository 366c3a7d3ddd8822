// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A wrapper returns (or leaves through a pointer that it was given) what an allocation function, another wrapper or, handing
// on a number that it was given, a function pointer returned. Found by iteration over the module, since wrappers call
// wrappers.
#include "Cloning.h"
#include "Models.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/Instructions.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/IR/Operator.h"

using namespace llvm;

namespace capriccio::pointsto {
namespace {

// Larger functions do more than wrap. By number of instructions; sqlite3Realloc and apr_allocator_alloc fit.
constexpr unsigned Largest = 150;

/// Where values of `V` may come from, through copies and, without optimisation, local variables.
template <typename Fn> void forSources(const Value *V, Fn Do) {
  SmallPtrSet<const Value *, 16> Seen;
  SmallVector<const Value *, 16> Work = {V};
  while (!Work.empty()) {
    V = Work.pop_back_val();
    if (!Seen.insert(V).second || Seen.size() > 200)
      continue;
    if (isa<PHINode>(V) || isa<CastInst>(V) || isa<FreezeInst>(V)) {
      append_range(Work, cast<User>(V)->operands());
    } else if (const auto *S = dyn_cast<SelectInst>(V)) {
      Work.append({S->getTrueValue(), S->getFalseValue()});
    } else if (const auto *G = dyn_cast<GEPOperator>(V)) {
      Work.push_back(G->getPointerOperand());
    } else if (const auto *L = dyn_cast<LoadInst>(V)) {
      const Value *Slot = L->getPointerOperand();
      if (isa<AllocaInst>(Slot))
        for (const User *U : Slot->users())
          if (const auto *S = dyn_cast<StoreInst>(U); S && S->getPointerOperand() == Slot)
            Work.push_back(S->getValueOperand());
    } else if (const auto *B = dyn_cast<BinaryOperator>(V)) {
      append_range(Work, B->operands());
    }
    Do(V);
  }
}

bool isSized(const CallBase &Site) {
  return any_of(Site.args(), [](const Use &A) {
    bool Parameter = false;
    if (A->getType()->isIntegerTy() && A->getType()->getIntegerBitWidth() >= 32)
      forSources(A.get(), [&](const Value *V) { Parameter |= isa<Argument>(V); });
    return Parameter;
  });
}

bool returnsFresh(const Value &Result, const DenseSet<const Function *> &Wrappers) {
  bool Fresh = false;
  forSources(&Result, [&](const Value *V) {
    const auto *Site = dyn_cast<CallBase>(V);
    if (!Site || Site->isInlineAsm())
      return;
    const auto *Callee = dyn_cast<Function>(Site->getCalledOperand()->stripPointerCastsAndAliases());
    if (!Callee) {
      Fresh |= isSized(*Site);
    } else if (Callee->isDeclarationForLinker()) {
      const Model *M = modelOf(Callee->getName());
      Fresh |= M && M->Allocates;
    } else {
      Fresh |= Wrappers.contains(Callee) || Callee->hasFnAttribute(Attribute::AllocSize);
    }
  });
  return Fresh;
}

bool isWrapper(const Function &F, const DenseSet<const Function *> &Wrappers) {
  for (const Instruction &I : instructions(F)) {
    if (const auto *R = dyn_cast<ReturnInst>(&I);
        R && R->getReturnValue() && R->getReturnValue()->getType()->isPointerTy() && returnsFresh(*R->getReturnValue(), Wrappers))
      return true;
    // Out-parameters: *result = malloc(n).
    if (const auto *S = dyn_cast<StoreInst>(&I); S && S->getValueOperand()->getType()->isPointerTy()) {
      bool Given = false;
      forSources(S->getPointerOperand(), [&](const Value *V) { Given |= isa<Argument>(V); });
      if (Given && S->getPointerOperand()->stripPointerCasts() == S->getPointerOperand() &&
          !isa<GEPOperator>(S->getPointerOperand()) && returnsFresh(*S->getValueOperand(), Wrappers))
        return true;
    }
  }
  return false;
}

} // namespace

Cloning::Cloning(const Module &M) {
  SmallVector<const Function *, 0> Small;
  for (const Function &F : M)
    if (!F.isDeclarationForLinker() && F.getInstructionCount() <= Largest * (F.hasOptNone() ? 3 : 1))
      Small.push_back(&F);
  for (bool Changed = true; Changed;) {
    Changed = false;
    for (const Function *F : Small)
      if (!Wrappers.contains(F) && isWrapper(*F, Wrappers)) {
        Wrappers.insert(F);
        Changed = true;
      }
  }
}

} // namespace capriccio::pointsto
