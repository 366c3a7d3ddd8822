// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the code around a number tells of it: each answer is read off the instructions that made the value, within one function.
#include "Addresses.h"
#include "Models.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/SmallPtrSet.h"
#include "llvm/IR/Instructions.h"
#include "llvm/IR/Operator.h"

using namespace llvm;

namespace capriccio::pointsto {

bool shiftsFar(const Value &V) {
  const auto *Shift = dyn_cast<BinaryOperator>(&V);
  if (!Shift || !Shift->isShift())
    return false;
  const auto *Amount = dyn_cast<ConstantInt>(Shift->getOperand(1));
  return !Amount || Amount->getValue().uge(24);
}

bool cutsHighPart(const Value &V) {
  const auto *Cut = dyn_cast<TruncInst>(&V);
  return Cut && shiftsFar(*Cut->getOperand(0));
}

bool walks(const Value *Pointer, const DataLayout &DL) {
  APInt Offset(64, 0);
  const Value *Base = Pointer->stripAndAccumulateConstantOffsets(DL, Offset, true);
  if (isa<PHINode>(Base) || isa<SelectInst>(Base))
    return true;
  if (isa<LoadInst>(Base)) // without optimisation the pointer lives in a stack slot
    return Offset == 0;
  if (isa<AllocaInst>(Base)) // and so does the piece under way
    return Offset == 0;
  const auto *G = dyn_cast<GEPOperator>(Base);
  if (!G)
    return false;
  SmallMapVector<Value *, APInt, 4> Variable;
  APInt Constant(64, 0);
  if (!G->collectOffset(DL, 64, Variable, Constant))
    return true;
  return any_of(Variable, [&](const auto &V) { return V.second.abs() == 1; });
}

const Value *movedPointer(const Value *Index) {
  for (unsigned Depth = 0; Depth != 4; ++Depth) {
    const auto *I = dyn_cast<Instruction>(Index);
    if (!I)
      return nullptr;
    switch (I->getOpcode()) {
    case Instruction::Sub:
      if (const auto *P = dyn_cast<PtrToIntOperator>(I->getOperand(0)); P && isa<PtrToIntOperator>(I->getOperand(1)))
        return P->getPointerOperand();
      return nullptr;
    case Instruction::AShr:
    case Instruction::LShr:
    case Instruction::Shl:
    case Instruction::SDiv:
    case Instruction::And:
      Index = I->getOperand(0);
      continue;
    default:
      return nullptr;
    }
  }
  return nullptr;
}

bool isComputed(const Value &Number) {
  SmallPtrSet<const Value *, 8> Seen;
  SmallVector<const Value *, 8> Work = {&Number};
  while (!Work.empty()) {
    const auto *I = dyn_cast<Instruction>(Work.pop_back_val());
    if (!I || !I->getType()->isIntegerTy(64) || !Seen.insert(I).second)
      continue;
    switch (I->getOpcode()) {
    case Instruction::Mul:
    case Instruction::UDiv:
    case Instruction::SDiv:
    case Instruction::URem:
    case Instruction::SRem:
      return true;
    case Instruction::Call: {
      const Function *F = cast<CallBase>(I)->getCalledFunction();
      if (F && F->isDeclarationForLinker() && !F->isIntrinsic() && modelOf(F->getName()))
        return true;
      break;
    }
    case Instruction::Select:
      Work.append({I->getOperand(1), I->getOperand(2)});
      break;
    case Instruction::PHI:
    case Instruction::Freeze:
    case Instruction::Add:
    case Instruction::Sub:
    case Instruction::And:
    case Instruction::Or:
    case Instruction::Xor:
    case Instruction::Shl:
    case Instruction::LShr:
    case Instruction::AShr:
      append_range(Work, I->operands());
      break;
    default:
      break;
    }
  }
  return false;
}

} // namespace capriccio::pointsto
