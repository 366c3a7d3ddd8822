// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The few functions with a known bound that reach the pass without one: the runtime's assembly, and the helpers that code
// generation calls for operations without an instruction.
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
  // libgcc's helpers for 128-bit integers and float conversions: leaf functions of at most a few pushes, checked against
  // the finished file by the stack verifier of later links; 256 is four times the deepest seen (__udivmodti4, 56 bytes).
  if (StringSwitch<bool>(Name)
          .Cases({"__udivti3", "__umodti3", "__divti3", "__modti3"}, true)
          .Cases({"__udivmodti4", "__divmodti4", "__multi3", "__muloti4"}, true)
          .Cases({"__mulodi4", "__ashlti3", "__ashrti3", "__lshrti3"}, true)
          .Cases({"__powidf2", "__powisf2", "__powixf2", "__popcountdi2"}, true)
          .Cases({"__fixdfti", "__fixsfti", "__fixxfti", "__fixunsdfti"}, true)
          .Cases({"__fixunssfti", "__fixunsxfti", "__floattidf"}, true)
          .Cases({"__floattisf", "__floattixf", "__floatuntidf"}, true)
          .Cases({"__floatuntisf", "__floatuntixf", "__extendhfsf2"}, true)
          .Cases({"__truncsfhf2", "__truncdfhf2", "__truncsfbf2"}, true)
          .Cases({"__truncdfbf2", "__bswapdi2", "__bswapsi2"}, true)
          .Default(false))
    return 256;
  return std::nullopt;
}

void defineForRuntime(Module &M, const char *Name, Constant *Value) {
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
