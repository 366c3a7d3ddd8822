// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Whether an operation becomes an instruction or a call depends on the target's features, function by function, so code
// generation is asked (the measured frames name what was called) rather than guessed. Only the operations behind a call of
// unknown need are rewritten; a second measurement follows in the few programs that have any.
#include "LibCalls.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/IntrinsicInst.h"

using namespace llvm;

namespace capriccio {

/// The library function's name without its type's suffix; empty if the instruction is no such operation.
static StringRef libraryName(const Instruction &I) {
  if (I.getOpcode() == Instruction::FRem)
    return "fmod";
  const auto *II = dyn_cast<IntrinsicInst>(&I);
  if (!II)
    return "";
  switch (II->getIntrinsicID()) {
  case Intrinsic::floor: return "floor";
  case Intrinsic::ceil: return "ceil";
  case Intrinsic::trunc: return "trunc";
  case Intrinsic::rint: return "rint";
  case Intrinsic::nearbyint: return "nearbyint";
  case Intrinsic::round: return "round";
  case Intrinsic::roundeven: return "roundeven";
  case Intrinsic::lround: return "lround";
  case Intrinsic::llround: return "llround";
  case Intrinsic::lrint: return "lrint";
  case Intrinsic::llrint: return "llrint";
  case Intrinsic::sin: return "sin";
  case Intrinsic::cos: return "cos";
  case Intrinsic::tan: return "tan";
  case Intrinsic::asin: return "asin";
  case Intrinsic::acos: return "acos";
  case Intrinsic::atan: return "atan";
  case Intrinsic::atan2: return "atan2";
  case Intrinsic::sinh: return "sinh";
  case Intrinsic::cosh: return "cosh";
  case Intrinsic::tanh: return "tanh";
  case Intrinsic::exp: return "exp";
  case Intrinsic::exp2: return "exp2";
  case Intrinsic::exp10: return "exp10";
  case Intrinsic::log: return "log";
  case Intrinsic::log2: return "log2";
  case Intrinsic::log10: return "log10";
  case Intrinsic::pow: return "pow";
  case Intrinsic::fma: return "fma";
  case Intrinsic::ldexp: return "ldexp";
  case Intrinsic::sqrt: return "sqrt";
  case Intrinsic::minnum: return "fmin";
  case Intrinsic::maxnum: return "fmax";
  default: return "";
  }
}

static const char *suffixOf(const Type *Ty) {
  if (Ty->isFloatTy())
    return "f";
  if (Ty->isDoubleTy())
    return "";
  if (Ty->isX86_FP80Ty())
    return "l";
  return nullptr; // vectors and halves: code generation calls these one by one, or not at all
}

/// A slot in the frame that a library function writes one of its results to.
static AllocaInst *resultSlot(Function &F, Type *Ty) {
  IRBuilder<> B(&F.getEntryBlock(), F.getEntryBlock().getFirstInsertionPt());
  return B.CreateAlloca(Ty);
}

/// Operations with two results, which the library returns through pointers. True if `I` is one whose library function is in
/// `Unknown`; it is then replaced.
static bool replaceTwoResults(Instruction &I, const StringSet<> &Unknown) {
  auto *II = dyn_cast<IntrinsicInst>(&I);
  if (!II)
    return false;
  StringRef Base = II->getIntrinsicID() == Intrinsic::modf     ? "modf"
                   : II->getIntrinsicID() == Intrinsic::frexp  ? "frexp"
                   : II->getIntrinsicID() == Intrinsic::sincos ? "sincos"
                                                               : "";
  const char *Suffix = Base.empty() ? nullptr : suffixOf(II->getOperand(0)->getType());
  if (!Suffix || !Unknown.contains((Base + Suffix).str()))
    return false;
  Function &F = *I.getFunction();
  auto *Ty = cast<StructType>(I.getType());
  Type *Pointer = PointerType::get(F.getContext(), 0);
  bool BothByPointer = Base == "sincos";
  AllocaInst *First = BothByPointer ? resultSlot(F, Ty->getElementType(0)) : nullptr;
  AllocaInst *Second = resultSlot(F, Ty->getElementType(1));

  IRBuilder<> B(&I);
  SmallVector<Value *, 3> Args = {II->getArgOperand(0)};
  SmallVector<Type *, 3> Types = {Args[0]->getType()};
  if (First) {
    Args.push_back(First);
    Types.push_back(Pointer);
  }
  Args.push_back(Second);
  Types.push_back(Pointer);
  Type *Result = BothByPointer ? B.getVoidTy() : Ty->getElementType(0);
  CallInst *Call = B.CreateCall(F.getParent()->getOrInsertFunction((Base + Suffix).str(), FunctionType::get(Result, Types, false)), Args);
  Call->setDoesNotThrow();
  Value *One = First ? static_cast<Value *>(B.CreateLoad(Ty->getElementType(0), First)) : Call;
  Value *Both = B.CreateInsertValue(PoisonValue::get(Ty), One, 0);
  Both = B.CreateInsertValue(Both, B.CreateLoad(Ty->getElementType(1), Second), 1);
  I.replaceAllUsesWith(Both);
  I.eraseFromParent();
  return true;
}

StringSet<> makeLibCallsExplicit(Module &M, const FrameTable &Frames, const Externals &X) {
  StringSet<> Changed;
  for (Function &F : M) {
    auto It = Frames.find(F.getName());
    if (F.isDeclarationForLinker() || It == Frames.end())
      continue;
    StringSet<> Unknown;
    for (const auto &Call : It->second.Calls)
      if (!M.getFunction(Call.getKey()) || M.getFunction(Call.getKey())->isDeclaration())
        if (!X.bound(Call.getKey()))
          Unknown.insert(Call.getKey());
    if (Unknown.empty())
      continue;
    for (Instruction &I : llvm::make_early_inc_range(instructions(F))) {
      if (replaceTwoResults(I, Unknown)) {
        Changed.insert(F.getName());
        continue;
      }
      StringRef Base = libraryName(I);
      const char *Suffix = Base.empty() ? nullptr : suffixOf(I.getOperand(0)->getType());
      if (!Suffix)
        continue;
      std::string Name = (Base + Suffix).str();
      // A sine and a cosine of one angle are joined in a call of sincos, which no instruction shows.
      bool Joined = (Base == "sin" || Base == "cos") && Unknown.contains((Twine("sincos") + Suffix).str());
      if (!Unknown.contains(Name) && !Joined)
        continue;
      SmallVector<Value *, 3> Args;
      SmallVector<Type *, 3> Types;
      unsigned Count = isa<CallInst>(I) ? cast<CallInst>(I).arg_size() : I.getNumOperands();
      for (unsigned Op = 0; Op != Count; ++Op) {
        Args.push_back(I.getOperand(Op));
        Types.push_back(I.getOperand(Op)->getType());
      }
      IRBuilder<> B(&I);
      FunctionCallee Callee = M.getOrInsertFunction(Name, FunctionType::get(I.getType(), Types, false));
      CallInst *Call = B.CreateCall(Callee, Args);
      Call->setDoesNotThrow();
      Call->takeName(&I);
      I.replaceAllUsesWith(Call);
      I.eraseFromParent();
      Changed.insert(F.getName());
    }
  }
  return Changed;
}

} // namespace capriccio
