// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// General registers and vector registers are handed out independently of each other, and the stack is a third sequence, so a
// callee is satisfied if each of the three sequences is long enough. Positions in the argument list need not agree.
#include "CallingConvention.h"
#include "llvm/IR/DerivedTypes.h"
#include "llvm/IR/Function.h"
#include "llvm/IR/Module.h"

using namespace llvm;

namespace capriccio::pointsto {
namespace {

struct Sequences {
  uint64_t General = 0; // 8-byte words
  uint64_t Vector = 0;  // registers
  uint64_t Stack = 0;   // bytes of what never goes into registers

  void add(Type *Ty, Type *ByVal, const DataLayout &DL) {
    if (ByVal) {
      Stack += alignTo(DL.getTypeAllocSize(ByVal), 8);
    } else if (auto *S = dyn_cast<StructType>(Ty)) {
      for (Type *Element : S->elements())
        add(Element, nullptr, DL);
    } else if (auto *A = dyn_cast<ArrayType>(Ty)) {
      for (uint64_t I = 0; I != std::min<uint64_t>(A->getNumElements(), 64); ++I)
        add(A->getElementType(), nullptr, DL);
    } else if (Ty->isX86_FP80Ty()) {
      Stack += 16;
    } else if (Ty->isFPOrFPVectorTy() || Ty->isVectorTy()) {
      ++Vector;
    } else if (Ty->isIntegerTy()) {
      General += divideCeil(Ty->getIntegerBitWidth(), 64);
    } else {
      ++General;
    }
  }
};

} // namespace

bool accepts(const Function &F, const CallBase &Site) {
  const DataLayout &DL = F.getParent()->getDataLayout();
  Sequences Given, Seen, Needed;
  for (unsigned I = 0; I != Site.arg_size(); ++I)
    Given.add(Site.getArgOperand(I)->getType(), Site.isByValArgument(I) ? Site.getParamByValType(I) : nullptr, DL);
  for (const Argument &A : F.args()) {
    Seen.add(A.getType(), A.hasByValAttr() ? A.getParamByValType() : nullptr, DL);
    if (!A.use_empty()) // an unread one only takes its place
      Needed = Seen;
  }
  // Words that find no register go to the stack, from where a longer by-value argument may be read as well.
  return Needed.General <= Given.General && Needed.Vector <= Given.Vector && Needed.Stack <= Given.Stack;
}

} // namespace capriccio::pointsto
