// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A turn that is over ends where the thread is, if that is in the program's own code: no checks in loops, nothing on any path. The
// runtime's code is left out because it counts on running alone; external code, because nobody knows what it holds. And an
// allocator of the program's own, with all that it calls: the runtime allocates where it cannot wait for whoever holds its locks.
#include "Preemptible.h"
#include "RuntimeABI.h"
#include "RuntimeCode.h"
#include "llvm/ADT/SmallPtrSet.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/IR/Constants.h"
#include "llvm/IR/InstrTypes.h"

using namespace llvm;

namespace capriccio {

static bool isProgramCode(const Function &F) {
  return !F.isDeclarationForLinker() && !F.hasFnAttribute(Attribute::Naked) && !isRuntimeCode(F);
}

void describePreemptible(Module &M) {
  for (Function &F : M)
    if (isProgramCode(F) && !F.hasUWTable())
      F.setUWTableKind(UWTableKind::Async);
}

/// Nodes of the allocation functions that the module defines, and of what they may call.
static std::vector<bool> allocators(const CallGraph &G) {
  static const StringSet<> Names = {"malloc", "free", "calloc", "realloc", "memalign", "aligned_alloc", "posix_memalign", "valloc",
                                    "pvalloc", "reallocarray", "malloc_usable_size", "malloc_trim"};
  std::vector<bool> Reached(G.Nodes.size());
  SmallVector<unsigned, 0> Work;
  auto Reach = [&](unsigned I) {
    if (!Reached[I]) {
      Reached[I] = true;
      Work.push_back(I);
    }
  };
  for (unsigned I = 0; I != G.Nodes.size(); ++I)
    if (Names.contains(G.Nodes[I].F->getName().take_until([](char C) { return C == '$'; })))
      Reach(I);
  while (!Work.empty())
    for (const CallEdge &E : G.Nodes[Work.pop_back_val()].Edges)
      if (E.Callee != ~0u)
        Reach(E.Callee);
  return Reached;
}

void emitPreemptible(Module &M, const CallGraph &G) {
  std::vector<bool> Allocators = allocators(G);
  SmallVector<const Function *, 0> Functions;
  for (unsigned I = 0; I != G.Nodes.size(); ++I)
    if (isProgramCode(*G.Nodes[I].F) && !Allocators[I])
      Functions.push_back(G.Nodes[I].F);

  // How many there are, then each one's distance from the table.
  LLVMContext &C = M.getContext();
  Type *I32 = Type::getInt32Ty(C), *I64 = Type::getInt64Ty(C);
  auto *Type = ArrayType::get(I32, Functions.size() + 1);
  auto *Table = defineForRuntime(M, abi::Preemptible, ConstantAggregateZero::get(Type));
  SmallVector<Constant *, 0> Words = {ConstantInt::get(I32, Functions.size())};
  for (const Function *F : Functions)
    Words.push_back(ConstantExpr::getTrunc(
        ConstantExpr::getSub(ConstantExpr::getPtrToInt(const_cast<Function *>(F), I64), ConstantExpr::getPtrToInt(Table, I64)), I32));
  Table->setInitializer(ConstantArray::get(Type, Words));
}

} // namespace capriccio
