// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Emits one record per indirect call (rt/proc/check_icalls.h): the addresses in its set, whether code outside the module may be
// called too, and where the call is. That a target is outside can only be told by its being none of the module's functions, so
// those whose address is taken are listed once, with their names. The address of a function is its entry stub's wherever
// data mentions it, here as in the program's own pointers.
#include "CheckIndirectCalls.h"
#include "CallGraph.h"
#include "Diagnostics.h"
#include "RuntimeABI.h"
#include "llvm/IR/DebugInfoMetadata.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/InstIterator.h"

using namespace llvm;

namespace capriccio {
namespace {

GlobalVariable *define(Module &M, Constant *Value, bool Constant) {
  return new GlobalVariable(M, Value->getType(), Constant, GlobalValue::PrivateLinkage, Value, "capr.check");
}

Constant *text(Module &M, StringRef Text) { return define(M, ConstantDataArray::getString(M.getContext(), Text), true); }

/// Function, and file and line where debug information has them.
std::string place(const CallBase &Site) {
  std::string Where = Site.getFunction()->getName().str();
  if (const DILocation *At = Site.getDebugLoc())
    if (At->getLine())
      Where += (" at " + At->getFilename() + ":" + Twine(At->getLine())).str();
  return Where;
}

Constant *listFunctions(Module &M) {
  auto *Ptr = PointerType::get(M.getContext(), 0);
  auto *Row = StructType::get(Ptr, Ptr);
  SmallVector<Constant *, 0> Rows;
  for (Function &F : M)
    if (!isOpaque(F) && F.hasAddressTaken())
      Rows.push_back(ConstantStruct::get(Row, {&F, text(M, F.getName())}));
  Rows.push_back(ConstantAggregateZero::get(Row));
  return define(M, ConstantArray::get(ArrayType::get(Row, Rows.size()), Rows), true);
}

} // namespace

/// `without:FUNCTION` that leaves out nothing would make a check that cannot fail look like one that found nothing.
[[noreturn]] static void failWithout(const Module &M, const std::string &Name) {
  const Function *F = M.getFunction(Name);
  fail("-fcapriccio-check-icalls=without:" + Name +
       (F && !F->isDeclarationForLinker()
            ? ": no indirect call has this function in its set. Remedy: name one whose address the program takes"
            : ": the program has no function of this name at the link (inlined, or misspelt?). Remedy: name one whose address the "
              "program takes"));
}

unsigned checkIndirectCalls(Module &M, const IndirectTargets &Targets, const Options &O) {
  SmallVector<CallBase *, 0> Sites;
  for (Function &F : M)
    if (!isOpaque(F))
      for (Instruction &I : instructions(F))
        if (auto *CB = dyn_cast<CallBase>(&I);
            CB && !CB->isInlineAsm() && !isa<Function>(CB->getCalledOperand()->stripPointerCastsAndAliases()))
          Sites.push_back(CB);
  if (Sites.empty()) {
    if (!O.CheckWithout.empty())
      failWithout(M, O.CheckWithout);
    return 0;
  }

  LLVMContext &C = M.getContext();
  auto *Ptr = PointerType::get(C, 0);
  auto *I32 = Type::getInt32Ty(C);
  auto *Record = StructType::get(Ptr, Ptr, Ptr, Ptr, I32, I32);
  Constant *Functions = listFunctions(M);
  FunctionCallee Check = M.getOrInsertFunction(abi::CheckICall, FunctionType::get(Type::getVoidTy(C), {Ptr, Ptr}, false));
  bool LeftOut = false;
  for (CallBase *Site : Sites) {
    TargetSet Set = Targets.targets(*Site);
    SmallVector<Constant *, 8> Addresses;
    for (Function *F : Set.Functions)
      if (F->getName() != O.CheckWithout)
        Addresses.push_back(F);
      else
        LeftOut = true;
    Constant *List = define(M, ConstantArray::get(ArrayType::get(Ptr, Addresses.size()), Addresses), true);
    Constant *Value = ConstantStruct::get(Record, {ConstantPointerNull::get(Ptr), List, Functions, text(M, place(*Site)),
                                                   ConstantInt::get(I32, Addresses.size()),
                                                   ConstantInt::get(I32, Set.MayBeExternal)});
    IRBuilder<> B(Site);
    B.CreateCall(Check, {Site->getCalledOperand(), define(M, Value, false)});
  }
  if (!O.CheckWithout.empty() && !LeftOut)
    failWithout(M, O.CheckWithout);
  return Sites.size();
}

} // namespace capriccio
