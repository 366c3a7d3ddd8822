// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The look is inline: it takes one from a counter and, below zero, calls the runtime, which sets the counter anew and gives way. Two
// instructions of a round (`decl` of memory by %fs, a branch that is not taken), no register and no call. The call makes the
// function one that may block, so that the call graph, placement and reports know of it like of any other; it comes before
// frames are measured. In a shared object the counter is its own and giving way is sched_yield, which is the runtime's in a program
// of ours and the kernel's in any other. What the runtime brings for this is dropped from programs without such a loop.
#include "SpinLoops.h"
#include "CallGraph.h"
#include "RuntimeABI.h"
#include "RuntimeFunctions.h"
#include "WaitLoops.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/MDBuilder.h"
#include "llvm/Transforms/Utils/BasicBlockUtils.h"
#include "llvm/Transforms/Utils/ModuleUtils.h"

using namespace llvm;

namespace capriccio {

/// The counter's address, before `At`.
static Value *counter(IRBuilder<> &B, Module &M, bool Shared) {
  if (Shared)
    return M.getNamedGlobal(abi::SpinLeft);
  return B.CreateConstGEP1_64(B.getInt8Ty(), B.CreateThreadLocalAddress(M.getNamedGlobal(abi::Worker)), abi::WorkerSpinLeft);
}

static void emitLook(Instruction *At, Function *Turn, bool Shared) {
  Module &M = *At->getModule();
  IRBuilder<> B(At);
  Value *Left = counter(B, M, Shared);
  Value *Less = B.CreateSub(B.CreateLoad(B.getInt32Ty(), Left), B.getInt32(1));
  B.CreateStore(Less, Left);
  Value *Over = B.CreateICmpSLT(Less, B.getInt32(0));
  Instruction *Then = SplitBlockAndInsertIfThen(Over, At->getIterator(), /*Unreachable=*/false,
                                                MDBuilder(M.getContext()).createBranchWeights(1, 64));
  IRBuilder<>(Then).CreateCall(Turn);
}

/// A place that the loop passes whenever a round ends over this edge.
static Instruction *placeOn(const BackEdge &Edge) {
  Instruction *End = Edge.From->getTerminator();
  if (End->getNumSuccessors() == 1)
    return End;
  if (isa<BranchInst, SwitchInst>(End)) // others' edges cannot be split: computed goto, asm goto
    if (BasicBlock *Between = SplitEdge(Edge.From, Edge.Head))
      return Between->getTerminator();
  return &*Edge.Head->getFirstInsertionPt();
}

SpinLoops::SpinLoops(Module &M, const Options &O) {
  Function *Turn = M.getFunction(abi::SpinTurn);
  if (!Turn || Turn->isDeclaration())
    return; // no runtime: a module of a test
  if (O.Spin && (O.Shared ? M.getNamedGlobal(abi::SpinLeft) : M.getNamedGlobal(abi::Worker))) {
    WaitLoops Loops(M, findRuntimeFunctions(M));
    for (Function &F : M) {
      if (isOpaque(F))
        continue;
      auto Found = Loops.find(F);
      for (const auto &Edges : Found) {
        SmallPtrSet<Instruction *, 4> Places;
        for (const BackEdge &Edge : Edges)
          if (Instruction *At = placeOn(Edge); Places.insert(At).second)
            emitLook(At, Turn, O.Shared);
      }
      if (!Found.empty())
        Looks[&F] = Found.size();
      Total += Found.size();
    }
  }
  // `used` has kept it to here. It is nobody's callback.
  removeFromUsedLists(M, [&](Constant *Used) { return Used->stripPointerCasts() == Turn; });
  Turn->setLinkage(GlobalValue::InternalLinkage);
  Turn->removeDeadConstantUsers();
  if (Turn->use_empty())
    Turn->eraseFromParent();
}

} // namespace capriccio
