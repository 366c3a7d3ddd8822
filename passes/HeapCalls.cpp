// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// At the calls, not by replacing malloc: so it does not matter which allocator the program links, and while nothing is being timed, which is
// nearly always, an allocation costs a compare of a word in the worker. What libraries allocate on their own is not seen, so that a block which
// they leave to the program to free counts as given back, never as taken: hence all of libc's functions that do that often.
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

/// Where a call that allocates leaves the new block.
enum class Block : uint8_t { None, Returned, BehindFirst, BehindFirstUnlessNegative };

struct HeapCall {
  CallInst *Call;
  Block New = Block::None;
  bool Frees = false; // its first argument
};

/// C++'s operators by their mangled names: new, new[], delete, delete[], with whatever follows the size or the pointer.
HeapCall ofOperator(CallInst &CI, const Function &F) {
  StringRef Name = F.getName();
  HeapCall H{&CI};
  if (!F.isDeclaration())
    return H; // the program's own, whose calls of malloc are seen
  if (Name.starts_with("_Znwm") || Name.starts_with("_Znam"))
    H.New = Block::Returned;
  H.Frees = Name.starts_with("_ZdlPv") || Name.starts_with("_ZdaPv");
  return H;
}

HeapCall ofName(CallInst &CI, const Function &F) {
  StringRef Name = F.getName();
  HeapCall H{&CI};
  H.New = StringSwitch<Block>(Name)
              .Cases({"malloc", "calloc", "realloc", "reallocarray", "aligned_alloc", "memalign", "valloc", "pvalloc"}, Block::Returned)
              .Cases({"strdup", "strndup", "__strdup", "__strndup", "wcsdup", "get_current_dir_name", "tempnam"}, Block::Returned)
              .Case("posix_memalign", Block::BehindFirst)
              .Cases({"asprintf", "vasprintf", "__asprintf_chk", "__vasprintf_chk", "__asprintf"}, Block::BehindFirstUnlessNegative)
              .Default(Block::None);
  H.Frees = StringSwitch<bool>(Name).Cases({"free", "cfree", "realloc", "reallocarray"}, true).Default(false);
  return H;
}

std::optional<HeapCall> heapCall(CallInst &CI) {
  const auto *F = dyn_cast<Function>(CI.getCalledOperand()->stripPointerCastsAndAliases());
  if (!F || CI.isMustTailCall())
    return std::nullopt;
  HeapCall H = F->getName().starts_with("_Z") ? ofOperator(CI, *F) : ofName(CI, *F);
  if (H.New == Block::None && !H.Frees)
    return std::nullopt;
  bool BehindFirst = H.New == Block::BehindFirst || H.New == Block::BehindFirstUnlessNegative;
  // Another function that only has the name.
  if ((H.New == Block::Returned && !CI.getType()->isPointerTy()) || (BehindFirst && !CI.getType()->isIntegerTy()) ||
      ((H.Frees || BehindFirst) && (CI.arg_empty() || !CI.getArgOperand(0)->getType()->isPointerTy())))
    return std::nullopt;
  return H;
}

/// The new block after the call, null if there is none.
Value *newBlock(IRBuilder<> &B, const HeapCall &H) {
  if (H.New == Block::Returned)
    return H.Call;
  Constant *Zero = ConstantInt::get(H.Call->getType(), 0);
  Value *Good = H.New == Block::BehindFirst ? B.CreateICmpEQ(H.Call, Zero) : B.CreateICmpSGE(H.Call, Zero);
  return B.CreateSelect(Good, B.CreateLoad(B.getPtrTy(), H.Call->getArgOperand(0)), ConstantPointerNull::get(B.getPtrTy()));
}

/// `if (worker.armed) Name(block)` before `At`.
void tell(const HeapCall &H, bool After, GlobalVariable *Worker, const char *Name) {
  Instruction *At = After ? H.Call->getNextNode() : H.Call;
  Module &M = *At->getModule();
  IRBuilder<> B(At);
  B.SetCurrentDebugLocation(H.Call->getDebugLoc());
  Value *Armed = B.CreateLoad(B.getInt32Ty(), B.CreateConstGEP1_64(B.getInt8Ty(), B.CreateThreadLocalAddress(Worker), abi::WorkerArmed));
  Instruction *Then = SplitBlockAndInsertIfThen(B.CreateIsNotNull(Armed), At->getIterator(), false, MDBuilder(M.getContext()).createUnlikelyBranchWeights());
  B.SetInsertPoint(Then);
  FunctionCallee Callee = M.getOrInsertFunction(Name, B.getVoidTy(), B.getPtrTy());
  if (auto *F = dyn_cast<Function>(Callee.getCallee())) {
    F->setVisibility(GlobalValue::HiddenVisibility);
    F->setDSOLocal(true);
  }
  B.CreateCall(Callee, {After ? newBlock(B, H) : H.Call->getArgOperand(0)});
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
    if (H.New != Block::None)
      tell(H, true, Worker, abi::HeapTaken);
    if (H.Frees)
      tell(H, false, Worker, abi::HeapGiven);
  }
}

} // namespace capriccio
