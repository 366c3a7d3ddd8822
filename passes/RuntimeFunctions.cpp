// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The linker has merged program and runtime into one module, and nothing in it says which function came from where. The
// replacements (read, pthread_mutex_lock) carry an annotation, everything else that the runtime shows bears its prefix, and what it
// does not show nobody else names.
#include "RuntimeFunctions.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/IR/Constants.h"
#include "llvm/IR/Instruction.h"

using namespace llvm;

namespace capriccio {

static constexpr const char *Mark = "capr-runtime";

/// The function that an entry of llvm.global.annotations calls the runtime's, else null.
static Function *runtimeFunctionOf(const Value &Entry) {
  const auto *Struct = dyn_cast<ConstantStruct>(&Entry);
  if (!Struct)
    return nullptr;
  const auto *Text = dyn_cast<GlobalVariable>(Struct->getOperand(1)->stripPointerCasts());
  if (!Text || !Text->hasInitializer())
    return nullptr;
  const auto *Data = dyn_cast<ConstantDataSequential>(Text->getInitializer());
  if (!Data || !Data->isCString() || Data->getAsCString() != "capr.runtime")
    return nullptr;
  return dyn_cast<Function>(Struct->getOperand(0)->stripPointerCasts());
}

bool isReplacement(const Function &F) { return F.hasFnAttribute(Mark); }

static constexpr const char *PartOf = "capr-part-of";

StringRef calledAs(const Function &F) {
  StringRef Whole = F.getFnAttribute(PartOf).getValueAsString();
  return Whole.empty() ? F.getName().take_until([](char C) { return C == '$' || C == '.'; }) : Whole; // f$body, f.12
}

/// Notes at each function that replacements call, while they still do, which one that is: of several the one with the shortest name, so that
/// the slow path of pthread_mutex_lock and pthread_mutex_timedlock is the former's.
static void noteParts(Module &M) {
  for (Function &F : M) {
    if (!isReplacement(F))
      continue;
    for (const BasicBlock &B : F)
      for (const Instruction &I : B) {
        const auto *CB = dyn_cast<CallBase>(&I);
        Function *Part = CB ? CB->getCalledFunction() : nullptr;
        if (!Part || Part->isDeclaration() || isReplacement(*Part))
          continue;
        StringRef Before = Part->getFnAttribute(PartOf).getValueAsString(), Name = F.getName();
        if (Before.empty() || Name.size() < Before.size() || (Name.size() == Before.size() && Name < Before))
          Part->addFnAttr(PartOf, Name);
      }
  }
}

void noteRuntimeFunctions(Module &M) {
  GlobalVariable *Old = M.getNamedGlobal("llvm.global.annotations");
  const auto *Array = Old && Old->hasInitializer() ? dyn_cast<ConstantArray>(Old->getInitializer()) : nullptr;
  if (!Array)
    return;
  SmallVector<Constant *, 0> Kept;
  for (const Use &Entry : Array->operands()) {
    if (Function *F = runtimeFunctionOf(*Entry))
      F->addFnAttr(Mark);
    else
      Kept.push_back(cast<Constant>(Entry));
  }
  if (Kept.size() == Array->getNumOperands())
    return;
  if (!Kept.empty()) {
    auto *Type = ArrayType::get(Array->getType()->getElementType(), Kept.size());
    auto *New = new GlobalVariable(M, Type, Old->isConstant(), Old->getLinkage(), ConstantArray::get(Type, Kept));
    New->copyAttributesFrom(Old);
    New->takeName(Old);
  }
  Old->eraseFromParent();
  noteParts(M);
}

/// A use by annotations (CAPR_CHECKPOINT) alone is nobody's.
static bool onlyAnnotates(const User *U) {
  if (const auto *GV = dyn_cast<GlobalVariable>(U))
    return GV->getName() == "llvm.global.annotations";
  return isa<Constant>(U) && all_of(U->users(), onlyAnnotates);
}

DenseSet<const Function *> findRuntimeFunctions(const Module &M) {
  DenseSet<const Function *> Runtime;
  for (const Function &F : M)
    if (!isOpaque(F) && (F.hasFnAttribute(Mark) || F.getName().starts_with("capr_") || F.getName().starts_with("__capr_")))
      Runtime.insert(&F);
  auto IsRuntime = [&](const User *U) {
    const auto *I = dyn_cast<Instruction>(U);
    return I && Runtime.contains(I->getFunction());
  };
  // As many rounds as the runtime's local functions call each other deep.
  for (bool Changed = true; Changed;) {
    Changed = false;
    for (const Function &F : M)
      if (!isOpaque(F) && !Runtime.contains(&F) && F.hasLocalLinkage() && any_of(F.users(), IsRuntime) &&
          all_of(F.users(), [&](const User *U) { return IsRuntime(U) || onlyAnnotates(U); }))
        Changed = Runtime.insert(&F).second;
  }
  return Runtime;
}

std::vector<bool> findRuntimeFunctions(const CallGraph &G) {
  std::vector<bool> Result(G.Nodes.size());
  if (G.Nodes.empty())
    return Result;
  DenseSet<const Function *> Runtime = findRuntimeFunctions(*G.Nodes.front().F->getParent());
  for (unsigned I = 0; I != G.Nodes.size(); ++I)
    Result[I] = Runtime.contains(G.Nodes[I].F);
  return Result;
}

} // namespace capriccio
