// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// At the calls, not by replacing malloc: so it does not matter which allocator the program links, and while nothing is being timed, which is
// nearly always, an allocation costs a compare of a word in the worker. What libraries allocate on their own is not seen.
#include "HeapCalls.h"
#include "CallGraph.h"
#include "RuntimeABI.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/MDBuilder.h"
#include "llvm/Transforms/Utils/BasicBlockUtils.h"

using namespace llvm;

namespace capriccio {
namespace {

struct HeapCall {
  CallInst *Call;
  bool Returns = false;      // a new block
  unsigned Frees = ~0u;      // argument that is freed
};

std::optional<HeapCall> heapCall(CallInst &CI) {
  const auto *F = dyn_cast<Function>(CI.getCalledOperand()->stripPointerCastsAndAliases());
  if (!F || CI.isMustTailCall())
    return std::nullopt;
  // By what it does: 1 allocates, 2 frees its first argument, 3 both.
  unsigned Does = StringSwitch<unsigned>(F->getName())
                      .Cases({"malloc", "calloc", "aligned_alloc", "memalign", "valloc", "pvalloc", "strdup", "strndup"}, 1)
                      .Cases({"free", "cfree"}, 2)
                      .Cases({"realloc", "reallocarray"}, 3)
                      .Default(0);
  if (!Does || ((Does & 1) && !CI.getType()->isPointerTy()) || ((Does & 2) && (CI.arg_empty() || !CI.getArgOperand(0)->getType()->isPointerTy())))
    return std::nullopt;
  HeapCall H{&CI};
  H.Returns = Does & 1;
  if (Does & 2)
    H.Frees = 0;
  return H;
}

/// `if (worker.armed) Name(Block)` before `At`.
void tell(Instruction *At, GlobalVariable *Worker, const char *Name, Value *Block, const DebugLoc &Loc) {
  Module &M = *At->getModule();
  IRBuilder<> B(At);
  B.SetCurrentDebugLocation(Loc);
  Value *Armed = B.CreateLoad(B.getInt32Ty(), B.CreateConstGEP1_64(B.getInt8Ty(), B.CreateThreadLocalAddress(Worker), abi::WorkerArmed));
  Instruction *Then = SplitBlockAndInsertIfThen(B.CreateIsNotNull(Armed), At->getIterator(), false, MDBuilder(M.getContext()).createUnlikelyBranchWeights());
  B.SetInsertPoint(Then);
  FunctionCallee Callee = M.getOrInsertFunction(Name, B.getVoidTy(), B.getPtrTy());
  if (auto *F = dyn_cast<Function>(Callee.getCallee())) {
    F->setVisibility(GlobalValue::HiddenVisibility);
    F->setDSOLocal(true);
  }
  B.CreateCall(Callee, {Block});
}

} // namespace

void countHeapCalls(Module &M) {
  GlobalVariable *Worker = M.getNamedGlobal(abi::Worker);
  if (!Worker)
    return;
  SmallVector<HeapCall, 0> Calls;
  for (Function &F : M)
    if (!isOpaque(F))
      for (Instruction &I : instructions(F))
        if (auto *CI = dyn_cast<CallInst>(&I))
          if (std::optional<HeapCall> H = heapCall(*CI))
            Calls.push_back(*H);
  for (const HeapCall &H : Calls) {
    DebugLoc Loc = H.Call->getDebugLoc();
    if (H.Returns)
      tell(H.Call->getNextNode(), Worker, abi::HeapTaken, H.Call, Loc);
    if (H.Frees != ~0u)
      tell(H.Call, Worker, abi::HeapGiven, H.Call->getArgOperand(H.Frees), Loc);
  }
}

} // namespace capriccio
