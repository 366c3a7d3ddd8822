// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A thread may go on in another worker after any call that waits. To the optimizer the address of a thread-local variable is a
// constant of the function's, and so is what `__errno_location` returns, which libc declares `const`: either is kept in a register
// across calls (LLVM issue 98479) and would then be the worker's that the thread has left. The program's own thread-locals lie in the
// thread's block by now (ThreadLocals.cpp). What is left are the worker's record, which runtime code and emitted code use, and errno.
//
// Here each use gets an address of its own. Of the record's, those that load or store become an operand relative to %fs, which names no
// kernel thread; those that need the address as a value get it by inline assembly, which code generation does not merge. Nothing
// behind this pass makes one of two calls or of two pieces of assembly.
#include "WorkerAddresses.h"
#include "RuntimeABI.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/InlineAsm.h"
#include "llvm/IR/Instructions.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/IR/ReplaceConstant.h"

using namespace llvm;

namespace capriccio {

/// Where the address has to be known for this use.
static Instruction *pointOf(const Use &U) {
  auto *I = cast<Instruction>(U.getUser());
  if (auto *Phi = dyn_cast<PHINode>(I))
    return Phi->getIncomingBlock(U)->getTerminator();
  return I;
}

static bool isMemoryOperand(const Use &U) {
  const User *I = U.getUser();
  if (isa<LoadInst>(I))
    return true;
  if (isa<StoreInst>(I))
    return U.getOperandNo() == StoreInst::getPointerOperandIndex();
  if (isa<AtomicRMWInst>(I) || isa<AtomicCmpXchgInst>(I))
    return U.getOperandNo() == 0;
  return false;
}

/// Instructions that only change the address: they go along with it.
static bool isDerived(const User *I) {
  return isa<GetElementPtrInst>(I) && I->getOperand(0)->getType()->isPointerTy();
}

/// The record's address as a value.
static Value *emitValue(Instruction *At) {
  LLVMContext &C = At->getContext();
  auto *Type = FunctionType::get(PointerType::get(C, 0), false);
  std::string Text = ("movq %fs:0, $0\n\tleaq " + Twine(abi::Worker) + "@tpoff($0), $0").str();
  InlineAsm *Asm = InlineAsm::get(Type, Text, "=r,~{dirflag},~{fpsr},~{flags}", /*hasSideEffects=*/true);
  return IRBuilder<>(At).CreateCall(Type, Asm, {}, "capr.worker");
}

/// Gives each use of `Address` what `Make` emits in front of it.
static void refresh(Value *Address, function_ref<Value *(Instruction *At, bool Memory)> Make) {
  SmallVector<Use *, 16> Uses;
  for (Use &U : Address->uses())
    Uses.push_back(&U);
  for (Use *U : Uses) {
    auto *I = dyn_cast<Instruction>(U->getUser());
    if (!I)
      continue;
    if (isDerived(I) && U->getOperandNo() == 0) {
      refresh(I, [&](Instruction *At, bool Memory) {
        Instruction *Copy = I->clone();
        Copy->setOperand(0, Make(At, Memory));
        Copy->insertBefore(At->getIterator());
        return Copy;
      });
      if (I->use_empty())
        I->eraseFromParent();
      continue;
    }
    Instruction *At = pointOf(*U);
    // Entries of one phi from one block have to be one value.
    if (auto *Phi = dyn_cast<PHINode>(I)) {
      Value *Made = nullptr;
      for (unsigned K = 0; K != Phi->getNumIncomingValues(); ++K)
        if (Phi->getIncomingBlock(K)->getTerminator() == At && Phi->getIncomingValue(K) == Address) {
          if (!Made)
            Made = Make(At, false);
          Phi->setIncomingValue(K, Made);
        }
      continue;
    }
    if (U->get() == Address)
      U->set(Make(At, isMemoryOperand(*U)));
  }
}

namespace {

/// Phis all of whose values are one address, of the worker's record or in it, or of errno, which is what optimization makes of two branches
/// that each take it. They would keep it across calls, and are taken away: their users take the address for themselves.
class Joined {
public:
  /// `Calls`: those that say the address.
  Joined(const DataLayout &Layout, ArrayRef<CallInst *> Calls) : Layout(Layout), Taken(Calls.begin(), Calls.end()) {}

  /// Of the same calls; adds to them those that users of phis make now.
  void split(SmallVectorImpl<CallInst *> &Calls) {
    for (CallInst *Call : Calls)
      follow(Call, 0);
    if (Order.empty())
      return;
    const CallInst *Model = Calls.front();
    // What also joins something else is none; nor is then what joins that.
    for (bool Changed = true; Changed;) {
      Changed = false;
      for (PHINode *Phi : Order)
        if (Offsets.count(Phi) && !isWhole(*Phi))
          Changed |= Offsets.erase(Phi);
    }
    for (PHINode *Phi : Order) {
      auto Found = Offsets.find(Phi);
      if (Found == Offsets.end())
        continue;
      IRBuilder<> B(Phi->getParent(), Phi->getParent()->getFirstInsertionPt());
      auto *Call = cast<CallInst>(B.Insert(Model->clone()));
      Call->setDebugLoc(Phi->getDebugLoc());
      Calls.push_back(Call);
      Value *Address = Call;
      if (Found->second)
        Address = B.CreatePtrAdd(Address, B.getInt64(static_cast<uint64_t>(Found->second)));
      Phi->replaceAllUsesWith(Address);
    }
    for (PHINode *Phi : Order)
      if (Offsets.count(Phi))
        Phi->eraseFromParent();
  }

private:
  const DataLayout &Layout;
  SmallPtrSet<const Value *, 16> Taken;
  DenseMap<const PHINode *, int64_t> Offsets; // bytes from the address that is taken
  SmallVector<PHINode *, 16> Order;

  /// `V` is `Offset` bytes from the address.
  void follow(Value *V, int64_t Offset) {
    for (User *U : V->users()) {
      APInt More(64, 0);
      if (auto *GEP = dyn_cast<GetElementPtrInst>(U)) {
        if (GEP->getPointerOperand() == V && GEP->accumulateConstantOffset(Layout, More))
          follow(GEP, Offset + More.getSExtValue());
      } else if (auto *Phi = dyn_cast<PHINode>(U); Phi && Offsets.try_emplace(Phi, Offset).second) {
        Order.push_back(Phi);
        follow(Phi, Offset);
      }
    }
  }

  bool isWhole(const PHINode &Phi) const {
    return all_of(Phi.incoming_values(), [&](const Value *V) {
      APInt Offset(64, 0);
      const Value *Base = V->stripAndAccumulateConstantOffsets(Layout, Offset, /*AllowNonInbounds=*/true);
      int64_t Start = 0;
      if (auto *From = dyn_cast<PHINode>(Base)) {
        auto Found = Offsets.find(From);
        if (Found == Offsets.end())
          return false;
        Start = Found->second;
      } else if (!Taken.contains(Base)) {
        return false;
      }
      return Start + Offset.getSExtValue() == Offsets.lookup(&Phi);
    });
  }
};

} // namespace

static void refreshWorker(Module &M) {
  GlobalVariable *Worker = M.getNamedGlobal(abi::Worker);
  if (!Worker)
    return;
  Constant *Name[] = {Worker};
  convertUsersOfConstantsToInstructions(Name);
  SmallVector<CallInst *, 16> Addresses;
  for (User *U : Worker->users())
    if (auto *II = dyn_cast<IntrinsicInst>(U); II && II->getIntrinsicID() == Intrinsic::threadlocal_address)
      Addresses.push_back(II);
  Joined(M.getDataLayout(), Addresses).split(Addresses);
  for (CallInst *II : Addresses) {
    refresh(II, [&](Instruction *At, bool Memory) -> Value * {
      return Memory ? IRBuilder<>(At).CreateThreadLocalAddress(Worker) : emitValue(At);
    });
    II->eraseFromParent();
  }
}

static void refreshErrno(Module &M) {
  Function *Location = M.getFunction("__errno_location");
  if (!Location || !Location->isDeclaration())
    return;
  SmallVector<CallInst *, 16> Calls;
  for (User *U : Location->users())
    if (auto *Call = dyn_cast<CallInst>(U); Call && Call->getCalledOperand() == Location)
      Calls.push_back(Call);
  Joined(M.getDataLayout(), Calls).split(Calls);
  for (CallInst *Call : Calls) {
    refresh(Call, [&](Instruction *At, bool) -> Value * {
      Instruction *Copy = Call->clone();
      Copy->insertBefore(At->getIterator());
      return Copy;
    });
    Call->eraseFromParent();
  }
}

void refreshWorkerAddresses(Module &M) {
  refreshWorker(M);
  refreshErrno(M);
}

} // namespace capriccio
