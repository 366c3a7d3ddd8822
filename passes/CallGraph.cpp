// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reads the merged module into nodes and edges. The order of nodes and edges is the module's own, so that two links of the
// same input decide alike.
#include "CallGraph.h"
#include "Diagnostics.h"
#include "InlineAsm.h"
#include "RuntimeABI.h"
#include "Stubs.h"
#include "llvm/Analysis/BlockFrequencyInfo.h"
#include "llvm/Analysis/BranchProbabilityInfo.h"
#include "llvm/Analysis/LoopInfo.h"
#include "llvm/IR/Dominators.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;

namespace capriccio {

const char *kindName(EdgeKind Kind) {
  switch (Kind) {
  case EdgeKind::Direct:
    return "in-place";
  case EdgeKind::Checkpoint:
    return "checkpoint";
  case EdgeKind::Borrow:
    return "borrow";
  case EdgeKind::ExternalBorrow:
    return "external-borrow";
  case EdgeKind::ExternalInPlace:
    return "external-in-place";
  case EdgeKind::Indirect:
    return "indirect";
  case EdgeKind::OtherModule:
    return "other-module";
  }
  return "";
}

bool isOpaque(const Function &F) {
  return F.isDeclarationForLinker() || F.hasFnAttribute(Attribute::Naked);
}

/// True if the module has the body's address for anything but direct calls.
static bool isPointed(const Function &F) {
  for (const Use &U : F.uses()) {
    if (isa<BlockAddress>(U.getUser()))
      continue;
    const auto *CB = dyn_cast<CallBase>(U.getUser());
    if (!CB || !CB->isCallee(&U))
      return true;
  }
  return false;
}

namespace {
/// Counts registers as the System V ABI hands them out.
class ArgumentCounter {
  unsigned Ints = 6, Sse = 8;
  uint64_t Stack = 0;
  bool Odd = false; // a type whose treatment is not modelled exactly: count it as on the stack

public:
  void add(Type *Ty, bool ByVal, Type *ByValTy, MaybeAlign Alignment,
           const DataLayout &DL) {
    if (ByVal) {
      uint64_t A = std::max<uint64_t>(8, Alignment.valueOrOne().value());
      Stack = alignTo(alignTo(Stack, A) + DL.getTypeAllocSize(ByValTy), 8);
      return;
    }
    if (Ty->isPointerTy() || (Ty->isIntegerTy() && Ty->getIntegerBitWidth() <= 64)) {
      if (Ints)
        --Ints;
      else
        Stack += 8;
      return;
    }
    bool Vector128 = Ty->isVectorTy() && DL.getTypeAllocSize(Ty) <= 16;
    if (Ty->isHalfTy() || Ty->isBFloatTy() || Ty->isFloatTy() ||
        Ty->isDoubleTy() || Vector128 || Ty->isFP128Ty()) {
      if (Sse)
        --Sse;
      else
        Stack = alignTo(Stack, Vector128 || Ty->isFP128Ty() ? 16 : 8) +
                (Vector128 || Ty->isFP128Ty() ? 16 : 8);
      return;
    }
    // i128, x86_fp80, wide vectors, aggregates: where they go depends on features; count them on the stack in full and hand
    // out no register, so that what follows is not undercounted either.
    Odd = true;
    uint64_t Size = DL.getTypeAllocSize(Ty);
    Stack = alignTo(Stack, Size > 16 ? 64 : 16) + alignTo(Size, 16);
    if (!Ty->isX86_FP80Ty()) {
      Ints = Ints >= 2 ? Ints - 2 : 0;
      unsigned Parts = divideCeil(Size, 16);
      Sse = Sse >= Parts ? Sse - Parts : 0;
    }
  }
  uint64_t bytes() const { return alignTo(Stack, Odd ? 64 : 8); }
};
} // namespace

uint64_t stackArgumentBytes(const CallBase &Site) {
  const DataLayout &DL = Site.getModule()->getDataLayout();
  ArgumentCounter Counter;
  for (unsigned I = 0, E = Site.arg_size(); I != E; ++I) {
    if (Site.paramHasAttr(I, Attribute::Nest))
      continue;
    bool ByVal = Site.isByValArgument(I);
    Counter.add(Site.getArgOperand(I)->getType(), ByVal,
                ByVal ? Site.getParamByValType(I) : nullptr,
                Site.getParamAlign(I), DL);
  }
  return Counter.bytes();
}

uint64_t stackArgumentBytes(const Function &F) {
  const DataLayout &DL = F.getParent()->getDataLayout();
  ArgumentCounter Counter;
  for (const Argument &A : F.args())
    Counter.add(A.getType(), A.hasByValAttr(),
                A.hasByValAttr() ? A.getParamByValType() : nullptr,
                A.getParamAlign(), DL);
  return Counter.bytes();
}

/// How often each call runs for each time that its function does, as LLVM guesses from the code's shape.
static void estimateFrequencies(Node &N) {
  DominatorTree Dominators(*N.F);
  LoopInfo Loops(Dominators);
  BranchProbabilityInfo Branches(*N.F, Loops, nullptr, &Dominators);
  BlockFrequencyInfo Blocks(*N.F, Branches, Loops);
  double Entry = std::max<uint64_t>(Blocks.getEntryFreq().getFrequency(), 1);
  for (CallEdge &E : N.Edges)
    E.Often = Blocks.getBlockFreq(E.Site->getParent()).getFrequency() / Entry;
}

CallGraph::CallGraph(Module &M, const Externals &X, uint64_t EntryInPlace) {
  for (Function &F : M) {
    if (isOpaque(F))
      continue;
    Node N;
    N.F = &F;
    N.Pointed = isPointed(F);
    N.Entered = N.Pointed || !F.hasLocalLinkage();
    // A loop that waits seldom calls the runtime: its function is to be no deeper for that.
    N.Apart = X.wantsCheckpoint(F.getName()) || F.getName() == abi::SpinTurn;
    Index[&F] = Nodes.size();
    Nodes.push_back(std::move(N));
  }

  const InlineAsmReader Assembly(M);
  for (Node &N : Nodes)
    for (Instruction &I : instructions(*N.F)) {
      auto *Site = dyn_cast<CallBase>(&I);
      if (!Site || isa<IntrinsicInst>(Site))
        continue;
      if (Site->isInlineAsm()) {
        N.AsmBytes = std::max(N.AsmBytes, Assembly.bytes(*Site));
        continue;
      }
      CallEdge E;
      E.Site = Site;
      E.ArgBytes = stackArgumentBytes(*Site);
      const auto *Callee = dyn_cast<Function>(Site->getCalledOperand()->stripPointerCastsAndAliases());
      if (!Callee) {
        E.Kind = EdgeKind::Indirect;
        E.Bytes = std::max<uint64_t>(EntryInPlace, abi::SlowPath);
        E.Why = "indirect: every target is known, its entry stub checks";
      } else if (auto It = Index.find(Callee); It != Index.end()) {
        E.Callee = It->second;
      } else if (isIndirectStub(*Callee)) {
        E.Kind = EdgeKind::Indirect;
        E.Bytes = std::max<uint64_t>(EntryInPlace, 16);
        E.Why = "indirect: entry stub checks, external targets on the big stack";
      } else if (otherModuleBehind(*Callee)) {
        E.Kind = EdgeKind::OtherModule;
        E.Bytes = std::max<uint64_t>(EntryInPlace, 16);
        E.Why = "may be another module's: entry stub checks, other code on the big stack";
      } else if (borrowedBy(*Callee)) {
        E.Kind = EdgeKind::ExternalBorrow;
        E.Bytes = 16;
        E.Why = "external: no proven bound";
      } else {
        std::optional<uint64_t> Bytes = X.bound(*Callee);
        if (!Bytes)
          failAt(I, "internal: external call to " + Callee->getName() +
                        " was not rewritten");
        E.Kind = EdgeKind::ExternalInPlace;
        E.Bytes = *Bytes;
        E.Why = "external: bound known";
      }
      N.Edges.push_back(E);
    }
}

CallGraph::CallGraph(Module &M, const FrameTable &Frames, const Externals &X, uint64_t EntryInPlace)
    : CallGraph(M, X, EntryInPlace) {
  for (Node &N : Nodes) {
    auto It = Frames.find(N.F->getName());
    if (It == Frames.end())
      fail(N.F->getName() + ": code generation reported no frame for it");
    N.Frame = It->second.Bytes;
    if (N.Pointed && !N.Edges.empty())
      estimateFrequencies(N);
  }

  // Calls that code generation itself made (memcpy for a struct copy, 128-bit division): no instruction of the module, so
  // no edge to decide on, but bytes all the same.
  for (Node &N : Nodes) {
    const Frame &Its = Frames.find(N.F->getName())->second;
    for (const auto &Entry : Its.Through) {
      CallEdge E;
      E.Kind = EdgeKind::ExternalBorrow;
      E.Bytes = 16;
      E.Why = "made by code generation: no proven bound";
      N.Edges.push_back(E);
      N.Through[Entry.getKey()] = Entry.getValue();
    }
    for (const auto &Call : Its.Calls) {
      StringRef Name = Call.getKey();
      // A variable stands for the pointer in it: the instruction's own edge has counted it.
      const GlobalValue *Symbol = M.getNamedValue(Name);
      const auto *F = Symbol ? dyn_cast<Function>(Symbol->stripPointerCastsAndAliases()) : nullptr;
      if (auto It = F ? Index.find(F) : Index.end(); It != Index.end()) {
        // The program's own memcpy. Named by an instruction too, it has an edge; else its name means the entry stub.
        if (Nodes[It->second].Entered &&
            llvm::none_of(N.Edges, [&](const CallEdge &Other) { return Other.Callee == It->second; })) {
          CallEdge E;
          E.Kind = EdgeKind::ExternalInPlace;
          E.Bytes = std::max<uint64_t>(EntryInPlace, abi::SlowPath);
          E.Why = "made by code generation: entry stub checks";
          N.Edges.push_back(E);
        }
        continue;
      }
      if (Symbol && (!F || isStub(*F) || (!F->isDeclarationForLinker() && !X.bound(*F))))
        continue;
      std::optional<uint64_t> Bytes = F ? X.bound(*F) : X.bound(Name);
      if (!Bytes)
        fail("internal: " + N.F->getName() + ": code generation's call of " + Name + " meets no stub");
      CallEdge E;
      E.Kind = EdgeKind::ExternalInPlace;
      E.Bytes = *Bytes;
      E.Why = "made by code generation";
      bool Known = llvm::any_of(N.Edges, [&](const CallEdge &Other) {
        return Other.Site && Other.Kind == EdgeKind::ExternalInPlace &&
               Other.Site->getCalledFunction() &&
               Other.Site->getCalledFunction()->getName() == Name;
      });
      if (!Known)
        N.Edges.push_back(E);
    }
  }
}

void CallGraph::print(raw_ostream &OS) const {
  for (const Node &N : Nodes) {
    OS << N.F->getName() << " frame=" << N.Frame;
    if (N.AsmBytes)
      OS << " asm=" << N.AsmBytes;
    if (N.Entered)
      OS << " entered";
    OS << '\n';
    for (const CallEdge &E : N.Edges) {
      OS << "  -> ";
      if (E.Callee != ~0u)
        OS << Nodes[E.Callee].F->getName();
      else
        OS << E.Why << " (" << E.Bytes << ")";
      if (E.ArgBytes)
        OS << " args=" << E.ArgBytes;
      OS << '\n';
    }
  }
}

} // namespace capriccio
