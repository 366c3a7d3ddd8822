// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// All thread-local variables that the module defines become fields of one block per user-level thread, made from an image when
// the thread first needs it. An access is worker.self->tls plus an offset; the block of a thread never moves, and a function's
// activation belongs to one thread for its whole life, so an address that the optimizer kept across a call stays right even
// if the thread goes on in another worker: what no library can promise for %fs-relative variables (LLVM issue 98479).
//
// The runtime's own thread-locals describe the kernel thread and stay where they are.
#include "ThreadLocals.h"
#include "Diagnostics.h"
#include "RuntimeABI.h"
#include "llvm/IR/Constants.h"
#include "llvm/IR/Dominators.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/IR/ReplaceConstant.h"
#include "llvm/Transforms/Utils/BasicBlockUtils.h"
#include "llvm/Transforms/Utils/ModuleUtils.h"

using namespace llvm;

namespace capriccio {

static bool isProgramThreadLocal(const GlobalVariable &GV) {
  return GV.isThreadLocal() && !GV.isDeclaration() && !GV.getName().starts_with("capr__");
}

static FunctionCallee slowPath(Module &M) {
  FunctionCallee Slow = M.getOrInsertFunction(abi::TlsSlow, FunctionType::get(PointerType::get(M.getContext(), 0), false));
  if (auto *F = dyn_cast<Function>(Slow.getCallee())) {
    F->setVisibility(GlobalValue::HiddenVisibility);
    F->setDSOLocal(true);
  }
  return Slow;
}

/// Emits, before `At`, the address of the running thread's block.
static Value *emitBase(Instruction *At, bool Shared) {
  Module &M = *At->getModule();
  LLVMContext &C = M.getContext();
  PointerType *Ptr = PointerType::get(C, 0);
  FunctionCallee Slow = slowPath(M);
  if (Shared)
    return IRBuilder<>(At).CreateCall(Slow, {}, "capr.tls");

  GlobalVariable *Worker = M.getNamedGlobal(abi::Worker);
  if (!Worker) {
    Worker = new GlobalVariable(M, ArrayType::get(Type::getInt8Ty(C), 64), false, GlobalValue::ExternalLinkage, nullptr,
                                abi::Worker, nullptr, GlobalValue::LocalExecTLSModel);
    Worker->setVisibility(GlobalValue::HiddenVisibility);
    Worker->setDSOLocal(true);
  }

  // head: self known? -> have: block there? -> done; slow otherwise
  BasicBlock *Head = At->getParent();
  BasicBlock *Done = SplitBlock(Head, At);
  Function *F = Head->getParent();
  BasicBlock *Have = BasicBlock::Create(C, "capr.tls.have", F, Done);
  BasicBlock *Miss = BasicBlock::Create(C, "capr.tls.slow", F, Done);

  Head->getTerminator()->eraseFromParent();
  IRBuilder<> B(Head);
  Value *Self = B.CreateLoad(
      Ptr, B.CreateConstGEP1_64(B.getInt8Ty(), B.CreateThreadLocalAddress(Worker), abi::WorkerSelf));
  B.CreateCondBr(B.CreateIsNull(Self), Miss, Have);
  B.SetInsertPoint(Have);
  Value *Block = B.CreateLoad(Ptr, B.CreateConstGEP1_64(B.getInt8Ty(), Self, abi::ThreadTls));
  B.CreateCondBr(B.CreateIsNull(Block), Miss, Done);
  B.SetInsertPoint(Miss);
  Value *Made = B.CreateCall(Slow);
  B.CreateBr(Done);
  B.SetInsertPoint(Done, Done->begin());
  PHINode *Base = B.CreatePHI(Ptr, 2, "capr.tls");
  Base->addIncoming(Block, Have);
  Base->addIncoming(Made, Miss);
  return Base;
}

namespace {
/// One function's accesses: each is an operand of an instruction that names a variable.
struct Access {
  Instruction *User;
  unsigned Operand;
  uint64_t Offset;
};
} // namespace

static Instruction *pointOf(const Access &A) {
  if (auto *Phi = dyn_cast<PHINode>(A.User))
    return Phi->getIncomingBlock(A.Operand)->getTerminator();
  return A.User;
}

static void rewrite(Function &F, ArrayRef<Access> Accesses, bool Shared) {
  // One base for the whole function, at the nearest point that every access passes.
  DominatorTree DT(F);
  BasicBlock *Common = nullptr;
  for (const Access &A : Accesses)
    if (BasicBlock *BB = pointOf(A)->getParent(); DT.isReachableFromEntry(BB))
      Common = Common ? DT.findNearestCommonDominator(Common, BB) : BB;
  if (!Common)
    Common = &F.getEntryBlock();
  Instruction *At = Common->getTerminator();
  for (const Access &A : Accesses) {
    Instruction *Point = pointOf(A);
    if (Point->getParent() == Common && Point->comesBefore(At))
      At = Point;
  }
  // Static allocas have to stay in the entry block in front of what is split off.
  if (Common == &F.getEntryBlock())
    while (isa<AllocaInst>(At))
      At = At->getNextNode();

  Value *Base = emitBase(At, Shared);
  for (const Access &A : Accesses) {
    IRBuilder<> B(pointOf(A));
    Value *Address = B.CreateConstGEP1_64(B.getInt8Ty(), Base, A.Offset);
    if (auto *II = dyn_cast<IntrinsicInst>(A.User);
        II && II->getIntrinsicID() == Intrinsic::threadlocal_address) {
      II->replaceAllUsesWith(Address);
      II->eraseFromParent();
    } else {
      A.User->setOperand(A.Operand, Address);
    }
  }
}

/// Other code names the variable, or an alias of it.
[[noreturn]] static void failShared(const GlobalValue &GV, bool Shared) {
  fail(GV.getName() + ": a thread-local variable shared with code that capcc did not compile (an object file or a "
       "library): that code would see the kernel thread's copy. Remedy: " +
       (Shared ? "make it static or hidden (-fvisibility=hidden), or link the shared object with -fno-capriccio"
               : "compile all its users with capcc; where there is no such code and -rdynamic (--export-dynamic) lets it be seen, compile "
                 "with -fvisibility=hidden"));
}

/// A variable's other names give way to it, so that it alone has an offset.
static void dissolveAliases(Module &M, bool Shared) {
  for (GlobalAlias &Alias : make_early_inc_range(M.aliases())) {
    if (!Alias.isThreadLocal() || Alias.getName().starts_with("capr__"))
      continue;
    if (!Alias.hasLocalLinkage())
      failShared(Alias, Shared);
    auto *GV = dyn_cast<GlobalVariable>(Alias.getAliasee()->stripPointerCastsAndAliases());
    if (!GV)
      fail(Alias.getName() + ": an alias of a part of a thread-local variable. Remedy: name the variable and add the offset where it "
           "is used");
    Alias.replaceAllUsesWith(GV);
    Alias.eraseFromParent();
  }
}

ThreadLocals::ThreadLocals(Module &M, bool Shared) {
  dissolveAliases(M, Shared);
  const DataLayout &DL = M.getDataLayout();
  LLVMContext &C = M.getContext();
  std::vector<std::pair<GlobalVariable *, uint64_t>> Fields;
  Align BlockAlign(16);
  for (GlobalVariable &GV : M.globals()) {
    if (GV.isThreadLocal() && GV.isDeclaration() && !GV.use_empty() && !GV.getName().starts_with("capr__"))
      fail(GV.getName() + ": a thread-local variable of code that capcc did not compile: the kernel thread has one, and all "
           "user-level threads would share it. Remedy: compile the file that defines it with capcc, or reach it through "
           "a function of that code if sharing does no harm");
    if (!isProgramThreadLocal(GV))
      continue;
    if (!GV.hasLocalLinkage())
      failShared(GV, Shared);
    Align A = GV.getAlign().value_or(DL.getABITypeAlign(GV.getValueType()));
    BlockAlign = std::max(BlockAlign, A);
    Bytes = alignTo(Bytes, A);
    Fields.push_back({&GV, Bytes});
    Bytes += DL.getTypeAllocSize(GV.getValueType());
    ++Variables;
  }
  if (Fields.empty())
    return;
  Bytes = alignTo(Bytes, BlockAlign);

  // The image: fields with explicit padding, so that offsets are ours and not a struct layout's.
  SmallVector<Constant *, 0> Parts;
  uint64_t At = 0;
  auto Pad = [&](uint64_t To) {
    if (To > At)
      Parts.push_back(ConstantAggregateZero::get(ArrayType::get(Type::getInt8Ty(C), To - At)));
    At = To;
  };
  SmallVector<Constant *, 0> Names;
  for (auto &[GV, Offset] : Fields) {
    Pad(Offset);
    Parts.push_back(GV->getInitializer());
    At += DL.getTypeAllocSize(GV->getValueType());
    Names.push_back(GV);
  }
  Pad(Bytes);
  defineForRuntime(M, abi::TlsImage, ConstantStruct::getAnon(C, Parts, /*Packed=*/true));
  defineForRuntime(M, abi::TlsSize, ConstantInt::get(Type::getInt64Ty(C), Bytes));
  defineForRuntime(M, abi::TlsAlign, ConstantInt::get(Type::getInt64Ty(C), BlockAlign.value()));

  convertUsersOfConstantsToInstructions(Names);
  MapVector<Function *, SmallVector<Access, 4>> ByFunction;
  for (auto &[GV, Offset] : Fields)
    for (Use &U : GV->uses())
      if (auto *I = dyn_cast<Instruction>(U.getUser()))
        ByFunction[I->getFunction()].push_back({I, U.getOperandNo(), Offset});
      else if (!isa<ConstantAggregate>(U.getUser()) && !isa<ConstantExpr>(U.getUser()))
        fail(GV->getName() + ": a thread-local variable used where no thread runs");
  for (auto &[F, Accesses] : ByFunction)
    rewrite(*F, Accesses, Shared);

  // llvm.used and debug metadata may still name them; nothing that runs does.
  removeFromUsedLists(M, [&](Constant *Used) {
    auto *GV = dyn_cast<GlobalVariable>(Used->stripPointerCasts());
    return GV && is_contained(Names, GV);
  });
  for (auto &[GV, Offset] : Fields) {
    GV->removeDeadConstantUsers();
    if (!GV->use_empty())
      fail(GV->getName() + ": a thread-local variable in an initialiser; cannot be moved to the thread's block");
    GV->eraseFromParent();
  }
}

} // namespace capriccio
