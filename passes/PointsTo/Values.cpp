// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Lanes by type, and the walk over constants. Constant expressions are folded as the address arithmetic that they are; one
// that is not understood stands for every global that it mentions, at any offset.
#include "Values.h"
#include "llvm/ADT/SmallPtrSet.h"
#include "llvm/IR/GlobalAlias.h"
#include "llvm/IR/GlobalIFunc.h"
#include "llvm/IR/GlobalVariable.h"
#include "llvm/IR/Operator.h"

using namespace llvm;

namespace capriccio::pointsto {

unsigned laneCount(Type *Ty, const DataLayout &DL) {
  if (!Ty->isSized() || isa<ScalableVectorType>(Ty))
    return Ty->isVectorTy() ? 1 : 0;
  if (auto *Int = dyn_cast<IntegerType>(Ty); Int && Int->getBitWidth() <= 32)
    return 0;
  if (Ty->isX86_AMXTy())
    return 0; // never made of words: tiles are loaded and stored by intrinsics alone
  uint64_t Bytes = DL.getTypeStoreSize(Ty);
  if (Bytes < 5)
    return 0;
  if (auto *A = dyn_cast<ArrayType>(Ty); A && A->getNumElements() == 0)
    return 0;
  return std::min<uint64_t>((Bytes + 7) / 8, MaxLanes);
}

bool mayComeFromOutside(Type *Ty) { return !Ty->isFPOrFPVectorTy(); }

namespace {

/// Addresses are "small" when no object can lie there: null, and error codes cast to pointers.
bool isSmall(const APInt &V) {
  return V.getActiveBits() <= 16 || (V.isNegative() && V.getSignificantBits() <= 17);
}

struct Walk {
  const DataLayout &DL;
  function_ref<void(const ConstantAddress &)> Do;

  void report(uint64_t At, const GlobalValue *G, int64_t Offset, bool Exact) {
    for (unsigned Depth = 0; const auto *A = dyn_cast<GlobalAlias>(G); ++Depth) {
      APInt Extra(64, 0);
      const Value *Base = A->getAliasee()->stripAndAccumulateConstantOffsets(DL, Extra, true);
      G = dyn_cast<GlobalValue>(Base);
      Offset += Extra.getSExtValue();
      if (!G || Depth == 64)
        return Do({At, nullptr, 0, false});
    }
    Do({At, G, Offset, Exact});
  }

  /// `C` as one address, `Exact` unless arithmetic was applied that is not followed.
  void address(const Constant *C, uint64_t At, int64_t Offset, bool Exact, SmallPtrSetImpl<const Constant *> &Seen) {
    if (const auto *G = dyn_cast<GlobalValue>(C))
      return report(At, G, Offset, Exact);
    if (const auto *Null = dyn_cast<ConstantPointerNull>(C)) {
      if (Null->getType()->getPointerAddressSpace() != 0)
        Do({At, nullptr, 0, false});
      return;
    }
    if (const auto *E = dyn_cast<DSOLocalEquivalent>(C))
      return report(At, E->getGlobalValue(), Offset, Exact);
    if (const auto *E = dyn_cast<NoCFIValue>(C))
      return report(At, E->getGlobalValue(), Offset, Exact);
    if (const auto *E = dyn_cast<ConstantPtrAuth>(C))
      return address(E->getPointer(), At, Offset, Exact, Seen);
    const auto *E = dyn_cast<ConstantExpr>(C);
    if (!E || !Seen.insert(C).second)
      return; // numbers, undef, labels
    switch (E->getOpcode()) {
    case Instruction::GetElementPtr: {
      APInt Extra(64, 0);
      bool Known = cast<GEPOperator>(E)->accumulateConstantOffset(DL, Extra);
      return address(E->getOperand(0), At, Offset + (Known ? Extra.getSExtValue() : 0), Exact && Known, Seen);
    }
    case Instruction::IntToPtr:
      if (const auto *Number = dyn_cast<ConstantInt>(E->getOperand(0))) {
        if (E->getType()->getPointerAddressSpace() != 0 || !isSmall(Number->getValue()))
          Do({At, nullptr, 0, false});
        return;
      }
      [[fallthrough]];
    case Instruction::BitCast:
    case Instruction::AddrSpaceCast:
    case Instruction::PtrToInt:
    case Instruction::PtrToAddr:
      return address(E->getOperand(0), At, Offset, Exact, Seen);
    case Instruction::Sub: {
      // The difference of two addresses, as jump tables hold: it points to the first once the second is added again.
      address(E->getOperand(0), At, Offset, false, Seen);
      return;
    }
    default:
      for (const Use &U : E->operands())
        address(cast<Constant>(U), At, 0, false, Seen);
    }
  }

  void walk(const Constant *C, uint64_t At) {
    Type *Ty = C->getType();
    if (isa<ConstantAggregateZero>(C) || isa<UndefValue>(C) || isa<ConstantData>(C)) {
      if (isa<ConstantPointerNull>(C)) {
        SmallPtrSet<const Constant *, 4> Seen;
        address(C, At, 0, true, Seen);
      }
      return;
    }
    if (const auto *A = dyn_cast<ConstantAggregate>(C)) {
      if (auto *Struct = dyn_cast<StructType>(Ty)) {
        const StructLayout *Layout = DL.getStructLayout(Struct);
        for (unsigned I = 0; I != A->getNumOperands(); ++I)
          walk(A->getOperand(I), At + Layout->getElementOffset(I));
        return;
      }
      Type *Element = A->getOperand(0)->getType();
      uint64_t Size = DL.getTypeAllocSize(Element);
      for (unsigned I = 0; I != A->getNumOperands(); ++I)
        walk(A->getOperand(I), At + I * Size);
      return;
    }
    SmallPtrSet<const Constant *, 4> Seen;
    address(C, At, 0, true, Seen);
  }
};

} // namespace

void forAddresses(const Constant *C, const DataLayout &DL, function_ref<void(const ConstantAddress &)> Do) {
  Walk{DL, Do}.walk(C, 0);
}

} // namespace capriccio::pointsto
