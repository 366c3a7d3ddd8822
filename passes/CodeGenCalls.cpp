// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Whether an operation becomes an instruction or a call depends on the target's features, function by function, so code
// generation is asked (the measured frames name what was called) rather than guessed. To have such a call meet a stub it is
// enough to give it another name as the machine code is made: no frame changes, and nothing is measured twice.
#include "CodeGenCalls.h"
#include "CallGraph.h"
#include "Stubs.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/IR/InstIterator.h"

using namespace llvm;

namespace capriccio {

/// Gives local symbols whose names code generation means as the library's other names. Returns the old ones.
static StringSet<> freeLibraryNames(Module &M, FrameTable &Frames) {
  StringSet<> Freed;
  for (auto &Entry : Frames)
    for (const auto &Call : Entry.second.Calls)
      if (const GlobalValue *GV = Call.second ? M.getNamedValue(Call.first()) : nullptr; GV && GV->hasLocalLinkage())
        Freed.insert(Call.first());
  for (const auto &Entry : Freed) {
    StringRef Old = Entry.getKey();
    GlobalValue *GV = M.getNamedValue(Old);
    GV->setName(Old + "$local");
    if (auto It = Frames.find(Old); It != Frames.end()) {
      Frames[GV->getName()] = std::move(It->second);
      Frames.erase(Old);
    }
  }
  return Freed;
}

/// Only `long double` among the types of such calls is passed on the stack.
static bool hasLongDouble(const Function &F) {
  auto Is = [](const Value *V) { return V->getType()->isX86_FP80Ty(); };
  for (const Instruction &I : instructions(F))
    if (Is(&I) || any_of(I.operand_values(), Is))
      return true;
  return false;
}

/// The stub for a call of `Name` that code generation makes; null where its need is known, or some edge of the graph has it.
static Function *stubFor(Module &M, StringRef Name, uint64_t ArgBytes, const Externals &X) {
  GlobalValue *Symbol = M.getNamedValue(Name);
  if (!Symbol) {
    if (X.bound(Name))
      return nullptr;
    Symbol = cast<Function>(M.getOrInsertFunction(Name, Type::getVoidTy(M.getContext())).getCallee());
  }
  if (isa<GlobalIFunc>(Symbol)) // the resolver chooses among functions with entry stubs, and others
    return borrowStub(*Symbol, ArgBytes);
  auto *F = dyn_cast<Function>(Symbol->stripPointerCastsAndAliases());
  if (!F || isStub(*F) || !isOpaque(*F) || X.bound(*F))
    return nullptr;
  return borrowStub(*F, ArgBytes);
}

void borrowForCodeGenCalls(Module &M, FrameTable &Frames, const Externals &X) {
  StringSet<> Freed = freeLibraryNames(M, Frames);
  SmallVector<Function *, 0> Functions; // in the module's order, since stubs are added to it
  for (Function &F : M)
    if (!isOpaque(F))
      Functions.push_back(&F);
  for (Function *F : Functions) {
    auto It = Frames.find(F->getName());
    if (It == Frames.end())
      continue;
    Frame &Its = It->second;
    SmallVector<std::string, 4> Names;
    for (const auto &Call : Its.Calls)
      Names.push_back(Call.first().str());
    llvm::sort(Names);
    uint64_t ArgBytes = Its.ArgBytes && hasLongDouble(*F) ? Its.ArgBytes : 0;
    for (const std::string &Name : Names)
      if (Freed.contains(Name) && !Its.Calls[Name])
        Its.Calls.erase(Name); // an instruction names the local function
      else if (const Function *Stub = stubFor(M, Name, ArgBytes, X))
        Its.Through[Name] = Stub->getName().str();
    for (const auto &Entry : Its.Through)
      Its.Calls.erase(Entry.getKey());
  }
}

} // namespace capriccio
