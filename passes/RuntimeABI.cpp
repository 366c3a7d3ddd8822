// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The few functions with a known bound that reach the pass without one: the runtime's assembly. Not libgcc's helpers for operations
// without an instruction: which library's they will be is known after the link.
#include "RuntimeABI.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/IR/DerivedTypes.h"
#include "llvm/Transforms/Utils/ModuleUtils.h"

using namespace llvm;

namespace capriccio {

std::optional<uint64_t> runtimeBound(StringRef Name) {
  // rt/stack: each pushes rbp below its return address and then leaves the thread's stack. Jumped to with the return
  // address of the caller, so what they push lies in the reserve or in these bytes, whichever the caller has.
  if (Name == abi::Link || Name == abi::Borrow || Name == abi::BorrowArgs ||
      Name == abi::ICall || Name == abi::Grow || Name == abi::LinkChecked || Name == abi::GrowChecked || Name == abi::Alloca || Name == abi::Unwind)
    return 16;
  // rt/stack/leaf.S: moves to the big stack before it calls the C library's.
  if (Name == "__stack_chk_fail")
    return 16;
  // rt/proc/setjmp.S: saves registers into the buffer; the signal mask by one system call.
  if (StringSwitch<bool>(Name)
          .Cases({"_setjmp", "setjmp", "__sigsetjmp", "sigsetjmp"}, true)
          .Default(false))
    return 64;
  return std::nullopt;
}

GlobalVariable *defineForRuntime(Module &M, const char *Name, Constant *Value) {
  GlobalVariable *Old = M.getNamedGlobal(Name);
  auto *GV = new GlobalVariable(M, Value->getType(), /*isConstant=*/true, GlobalValue::ExternalLinkage, Value, "");
  if (Old) {
    Old->replaceAllUsesWith(GV);
    Old->eraseFromParent();
  }
  GV->setName(Name);
  GV->setVisibility(GlobalValue::HiddenVisibility);
  GV->setDSOLocal(true);
  appendToUsed(M, {GV});
  return GV;
}

Function *declareStub(Module &M, const char *Name) {
  if (Function *F = M.getFunction(Name))
    return F;
  auto *F = Function::Create(FunctionType::get(Type::getVoidTy(M.getContext()), false),
                             GlobalValue::ExternalLinkage, Name, M);
  F->setVisibility(GlobalValue::HiddenVisibility);
  F->setDSOLocal(true);
  return F;
}

} // namespace capriccio
