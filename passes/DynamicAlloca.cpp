// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Each dynamic alloca becomes
//
//     if (rsp - (size + room) >= limit)   p = alloca(size)                      as before
//     else                                r = __capr_alloca(size, room, align)  a new chunk; r points into it
//                                         p = alloca(rsp - r)                   which is how rsp gets there
//                                         moved = true
//
// where room is what the function may still need below the block (its depth), filled in after Placement. The new chunk is in
// the thread's chain like any other, so longjmp and pthread_exit drop it with the rest; the function itself drops it wherever
// it gives its stack back: before llvm.stackrestore and before each return, if `moved`.
#include "DynamicAlloca.h"
#include "RuntimeABI.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/Transforms/Utils/BasicBlockUtils.h"

using namespace llvm;

namespace capriccio {

// Stands for the room until Placement knows it: wide enough that code generation takes the same immediate form.
static constexpr uint64_t RoomPlaceholder = 0x7ff0;

static FunctionCallee runtime(Module &M, const char *Name, Type *Result,
                              ArrayRef<Type *> Params) {
  FunctionCallee Callee = M.getOrInsertFunction(Name, FunctionType::get(Result, Params, false));
  if (auto *F = dyn_cast<Function>(Callee.getCallee())) {
    F->setVisibility(GlobalValue::HiddenVisibility);
    F->setDSOLocal(true);
    F->setDoesNotThrow();
  }
  return Callee;
}

void gatherStaticAllocas(Module &M) {
  for (Function &F : M) {
    if (F.isDeclarationForLinker())
      continue;
    BasicBlock &Entry = F.getEntryBlock();
    auto Front = Entry.begin();
    while (isa<AllocaInst>(Front) && cast<AllocaInst>(*Front).isStaticAlloca())
      ++Front;
    for (Instruction &I : make_early_inc_range(make_range(Front, Entry.end())))
      if (auto *A = dyn_cast<AllocaInst>(&I); A && A->isStaticAlloca() && &I != &*Front)
        A->moveBefore(Front);
  }
}

static void guard(AllocaInst &A, AllocaInst &Moved, std::vector<RoomUse> &Rooms) {
  Module &M = *A.getModule();
  LLVMContext &C = M.getContext();
  const DataLayout &DL = M.getDataLayout();
  Type *I64 = Type::getInt64Ty(C);
  PointerType *Ptr = PointerType::get(C, 0);
  uint64_t Align = std::max<uint64_t>(16, A.getAlign().value());

  IRBuilder<> B(&A);
  // The size as code generation computes it: rounded up to the stack's alignment, plus what over-alignment may waste.
  Value *Size = B.CreateZExtOrTrunc(A.getArraySize(), I64);
  Size = B.CreateMul(Size, ConstantInt::get(I64, DL.getTypeAllocSize(A.getAllocatedType())));
  Size = B.CreateAnd(B.CreateAdd(Size, ConstantInt::get(I64, 15)), ConstantInt::get(I64, -16));
  Value *Waste = ConstantInt::get(I64, Align > 16 ? Align : 0);
  auto *WithWaste = cast<Instruction>(BinaryOperator::CreateAdd(Size, Waste, "", A.getIterator()));
  auto *Total = BinaryOperator::CreateAdd(WithWaste, ConstantInt::get(I64, RoomPlaceholder), "capr.need", A.getIterator());
  Rooms.push_back({Total, 1});
  Value *Sp = B.CreatePtrToInt(B.CreateStackSave(), I64);
  Value *Low = B.CreateBinaryIntrinsic(Intrinsic::usub_sat, Sp, Total);
  Value *LimitSlot = ConstantExpr::getIntToPtr(ConstantInt::get(I64, abi::FsLimit),
                                               PointerType::get(C, abi::FsAddressSpace));
  LoadInst *Limit = B.CreateLoad(I64, LimitSlot, /*isVolatile=*/true);
  // A size that wraps is not "fits": usub_sat gives 0, which passes only where the limit is 0 (a kernel thread's stack).
  Value *Fits = B.CreateICmpUGE(Low, Limit);

  Instruction *Then, *Else;
  SplitBlockAndInsertIfThenElse(Fits, &A, &Then, &Else);

  auto *Here = cast<AllocaInst>(A.clone());
  Here->insertBefore(Then->getIterator());

  IRBuilder<> Slow(Else);
  FunctionCallee Link = runtime(M, abi::Alloca, Ptr, {I64, I64, I64});
  CallInst *Block = Slow.CreateCall(
      Link, {WithWaste, ConstantInt::get(I64, RoomPlaceholder), ConstantInt::get(I64, Align)});
  Rooms.push_back({Block, 1});
  Slow.CreateStore(Slow.getInt8(1), &Moved);
  Value *Delta = Slow.CreateSub(Slow.CreatePtrToInt(Slow.CreateStackSave(), I64),
                                Slow.CreatePtrToInt(Block, I64));
  AllocaInst *There = Slow.CreateAlloca(Slow.getInt8Ty(), Delta);
  There->setAlignment(llvm::Align(16));

  IRBuilder<> Join(&A);
  PHINode *Result = Join.CreatePHI(A.getType(), 2);
  Result->addIncoming(Here, Then->getParent());
  Result->addIncoming(There, Else->getParent());
  Result->takeName(&A);
  A.replaceAllUsesWith(Result);
  A.eraseFromParent();
}

/// Before `At`: if (moved) __capr_alloca_unwind(Sp).
static void unwindBefore(Instruction &At, AllocaInst &Moved, Value *Sp) {
  Module &M = *At.getModule();
  LLVMContext &C = M.getContext();
  IRBuilder<> B(&At);
  Value *Any = B.CreateICmpNE(B.CreateLoad(B.getInt8Ty(), &Moved), B.getInt8(0));
  Instruction *Then = SplitBlockAndInsertIfThen(Any, &At, /*Unreachable=*/false);
  IRBuilder<>(Then).CreateCall(
      runtime(M, abi::Unwind, Type::getVoidTy(C), {PointerType::get(C, 0)}), {Sp});
}

DynamicAllocas::DynamicAllocas(Module &M) {
  for (Function &F : M) {
    SmallVector<AllocaInst *, 4> Allocas;
    SmallVector<Instruction *, 8> GivesBack;
    if (F.isDeclarationForLinker() || F.hasFnAttribute(Attribute::Naked))
      continue;
    for (Instruction &I : instructions(F)) {
      if (auto *A = dyn_cast<AllocaInst>(&I); A && !A->isStaticAlloca())
        Allocas.push_back(A);
      else if (auto *II = dyn_cast<IntrinsicInst>(&I);
               II && II->getIntrinsicID() == Intrinsic::stackrestore)
        GivesBack.push_back(II);
      else if (isa<ReturnInst>(I)) {
        auto *Tail = I.getParent()->getTerminatingMustTailCall();
        GivesBack.push_back(Tail ? static_cast<Instruction *>(Tail) : &I);
      }
    }
    if (Allocas.empty())
      continue;
    // Probing page by page down to the new rsp is right for one contiguous stack; here the check above has found the room.
    F.removeFnAttr("probe-stack");

    IRBuilder<> Entry(&*F.getEntryBlock().getFirstNonPHIOrDbgOrAlloca());
    AllocaInst *Moved = Entry.CreateAlloca(Entry.getInt8Ty(), nullptr, "capr.moved");
    Entry.CreateStore(Entry.getInt8(0), Moved);

    for (Instruction *I : GivesBack) {
      auto *Restore = dyn_cast<IntrinsicInst>(I);
      bool IsRestore = Restore && Restore->getIntrinsicID() == Intrinsic::stackrestore;
      unwindBefore(*I, *Moved, IsRestore ? Restore->getArgOperand(0) : Moved);
    }
    std::vector<RoomUse> &Uses = Rooms[&F];
    for (AllocaInst *A : Allocas)
      guard(*A, *Moved, Uses);
    Sites += Allocas.size();
  }
}

void DynamicAllocas::setRoom(Function &F, uint64_t Bytes) {
  auto It = Rooms.find(&F);
  if (It == Rooms.end())
    return;
  for (RoomUse &Use : It->second)
    Use.User->setOperand(Use.Operand, ConstantInt::get(Type::getInt64Ty(F.getContext()), Bytes));
}

} // namespace capriccio
