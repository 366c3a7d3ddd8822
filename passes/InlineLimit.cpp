// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A frame lasts as long as its function runs: a buffer of 8 KiB that a cold callee needs for a microsecond costs each thread
// 8 KiB once that callee is inlined into the loop that waits in read. LLVM's inliner knows a limit on the callee's static
// locals, read from an attribute of the caller ("inline-max-stacksize"); clang writes it at the compile (-finline-max-stacksize, which
// capcc gives), and here, where the whole program is seen for the first time, it is made to fit each caller. The analysis is on
// IR, before there are frames; a wrong guess costs an inlined call or some bytes, never soundness.
#include "InlineLimit.h"
#include "IndirectTargets.h"
#include "RuntimeABI.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/IR/Instructions.h"
#include <climits>

using namespace llvm;

namespace capriccio {
namespace {

constexpr const char *Attribute = "inline-max-stacksize";

/// The inliner reads the attribute as an int.
constexpr uint64_t Largest = INT_MAX;

/// Callers of each function, by name and through pointers.
struct Callers {
  DenseMap<const Function *, SmallVector<Function *, 4>> Direct, Indirect;
};

Callers findCallers(Module &M) {
  Callers Result;
  std::unique_ptr<IndirectTargets> Targets = targetsBySignature(M);
  for (Function &F : M)
    for (Instruction &I : instructions(F)) {
      const auto *Site = dyn_cast<CallBase>(&I);
      if (!Site || isa<IntrinsicInst>(Site) || Site->isInlineAsm())
        continue;
      if (const auto *Callee = dyn_cast<Function>(Site->getCalledOperand()->stripPointerCastsAndAliases()))
        Result.Direct[Callee].push_back(&F);
      else
        for (const Function *Callee : Targets->targets(*Site).Functions)
          Result.Indirect[Callee].push_back(&F);
    }
  return Result;
}

/// Functions from which the runtime's switch is reached; as findMayBlock does on the final module.
DenseSet<const Function *> findMayBlock(const Callers &C, const Function &Switch) {
  DenseSet<const Function *> Blocking;
  SmallVector<const Function *, 0> Work = {&Switch};
  while (!Work.empty()) {
    const Function *Callee = Work.pop_back_val();
    for (const auto *Map : {&C.Direct, &C.Indirect})
      if (auto It = Map->find(Callee); It != Map->end())
        for (Function *Caller : It->second)
          if (Blocking.insert(Caller).second)
            Work.push_back(Caller);
  }
  return Blocking;
}

uint64_t staticLocals(const Function &F) {
  const DataLayout &DL = F.getParent()->getDataLayout();
  uint64_t Bytes = 0;
  for (const Instruction &I : instructions(F))
    if (const auto *A = dyn_cast<AllocaInst>(&I); A && A->isStaticAlloca())
      Bytes += A->getAllocationSize(DL)->getFixedValue();
  return Bytes;
}

} // namespace

void limitInlining(Module &M, uint64_t Limit) {
  if (!Limit) {
    for (Function &F : M)
      F.removeFnAttr(Attribute);
    return;
  }
  // A module without the runtime (a shared object) blocks in code that is not here: then every function matters.
  const Function *Switch = M.getFunction(abi::Switch);
  Callers C;
  DenseSet<const Function *> Blocking;
  if (Switch) {
    C = findCallers(M);
    Blocking = findMayBlock(C, *Switch);
  }
  for (Function &F : M) {
    if (F.isDeclaration())
      continue;
    // A function that never blocks is inlined into those that do, with all that it has taken in.
    bool Matters = !Switch || Blocking.contains(&F);
    if (auto It = C.Direct.find(&F); It != C.Direct.end())
      for (const Function *Caller : It->second)
        Matters |= Blocking.contains(Caller);
    if (Matters)
      F.addFnAttr(Attribute, utostr(std::min(std::max(Limit, staticLocals(F)), Largest)));
    else
      F.removeFnAttr(Attribute);
  }
}

} // namespace capriccio
