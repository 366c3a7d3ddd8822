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

bool makeLibCallsExplicit(Module &M, const FrameTable &Frames, const Externals &X) {
  bool Changed = false;
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
      StringRef Base = libraryName(I);
      const char *Suffix = Base.empty() ? nullptr : suffixOf(I.getOperand(0)->getType());
      if (!Suffix)
        continue;
      std::string Name = (Base + Suffix).str();
      if (!Unknown.contains(Name))
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
      Changed = true;
    }
  }
  return Changed;
}

} // namespace capriccio
