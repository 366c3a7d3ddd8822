// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Targets by signature. C lets a call pass more arguments than its callee reads, and ignore a result; the calling convention
// makes both work, so a callee with fewer parameters matches too, and results are not compared.
#include "IndirectTargets.h"
#include "CallGraph.h"
#include "llvm/ADT/SetVector.h"

using namespace llvm;

namespace capriccio {
namespace {

enum class ArgClass : uint8_t { Int, Sse, Memory };

ArgClass classify(Type *Ty) {
  if (Ty->isPointerTy() || (Ty->isIntegerTy() && Ty->getIntegerBitWidth() <= 64))
    return ArgClass::Int;
  if (Ty->isFloatingPointTy() && !Ty->isX86_FP80Ty())
    return ArgClass::Sse;
  return ArgClass::Memory;
}

class SignatureTargets : public IndirectTargets {
  SmallVector<Function *, 0> Taken;

public:
  explicit SignatureTargets(const Module &M) {
    for (const Function &F : M)
      if (!isOpaque(F) && F.hasAddressTaken())
        Taken.push_back(const_cast<Function *>(&F));
  }

  TargetSet targets(const CallBase &Site) const override {
    TargetSet Set;
    // A call that goes through a stub already has its target in front of its arguments.
    unsigned First = Site.arg_size() && Site.paramHasAttr(0, Attribute::Nest), Count = Site.arg_size() - First;
    for (Function *F : Taken) {
      if (F->arg_size() > Count && !F->isVarArg())
        continue;
      bool Fits = true;
      for (unsigned I = 0; I < F->arg_size() && I < Count && Fits; ++I)
        Fits = classify(F->getArg(I)->getType()) ==
               classify(Site.getArgOperand(First + I)->getType());
      if (Fits)
        Set.Functions.push_back(F);
    }
    return Set;
  }
};

} // namespace

std::unique_ptr<IndirectTargets> targetsBySignature(const Module &M) {
  return std::make_unique<SignatureTargets>(M);
}

} // namespace capriccio
