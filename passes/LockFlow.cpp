// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Forward over the blocks, with the intersection where paths meet; what a function may give back is collected when that stands still.
// Summaries start from "never returns" and are made again until none changes: one that holds if it holds of the calls inside it
// holds of every call that returns, by induction on how deep calls go. Calls through pointers, and those of libraries that nothing is
// known of, may end in any function whose address is known, so the union of what these give back is part of the same circle.
#include "LockFlow.h"
#include "CallGraph.h"
#include "PointsTo/Models.h"
#include "llvm/ADT/PostOrderIterator.h"
#include "llvm/ADT/SCCIterator.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Analysis/CallGraph.h"
#include "llvm/IR/CFG.h"
#include "llvm/IR/Constants.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/Instructions.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/IR/PatternMatch.h"

using namespace llvm;

namespace capriccio {
namespace {

/// Rounds after which a function that still gives back others each time (by a pointer that each call of itself moves on) gives back
/// some lock, nobody knows which. Two or three rounds do otherwise.
constexpr unsigned ManyRounds = 4;

/// Rounds after which what still changes is given up: then it may do anything.
constexpr unsigned MostRounds = 12;

const Function *calleeOf(const CallBase &Site) { return dyn_cast<Function>(Site.getCalledOperand()->stripPointerCastsAndAliases()); }

LockPath someLock(LockKind Kind) {
  LockPath Some;
  Some.Kind = Kind;
  return Some;
}

void addOnce(LockPaths &To, const LockPath &Path) {
  if (!is_contained(To, Path))
    To.push_back(Path);
}

/// What only the function itself knows is some lock to others.
LockPath forCallers(const LockPath &Path) {
  if (Path.isKnown() && isa<GlobalVariable, Argument>(Path.Base))
    return Path;
  return someLock(Path.Kind);
}

/// Those in `Before`, and for others by arguments some lock that a pointer leads to. There are only so many global variables.
LockPaths widened(const LockPaths &Now, const LockPaths &Before) {
  LockPaths Result;
  for (const LockPath &Path : Now)
    addOnce(Result, isa_and_nonnull<Argument>(Path.Base) && !is_contained(Before, Path) ? someLock(Path.Kind) : Path);
  return Result;
}

void intersect(HeldLocks &With, const HeldLocks &Other) {
  erase_if(With, [&](const HeldLock &L) { return !is_contained(Other, L); });
}

bool modelCallsBack(const pointsto::Model &Known) {
  return any_of(Known.Statements, [](const pointsto::ModelStatement &S) { return S.K == pointsto::ModelStatement::CallBack; });
}

/// Returns 0 when it is called and something else from a jump, unlike getcontext.
bool isSetjmp(StringRef Name) { return is_contained({"setjmp", "_setjmp", "__sigsetjmp", "sigsetjmp"}, Name); }

/// Of those that hold if a call's result is 0, or is not, what its caller can tell by what the function returns: the result, or whether it
/// is 0.
HeldLocks whereReturned(const HeldLocks &Held, const Value *Result) {
  while (Result && isa<ZExtInst, SExtInst>(Result))
    Result = cast<CastInst>(Result)->getOperand(0);
  const auto *Cmp = dyn_cast_or_null<ICmpInst>(Result);
  if (Cmp && (!Cmp->isEquality() || !match(Cmp->getOperand(1), PatternMatch::m_Zero())))
    Cmp = nullptr;
  HeldLocks There;
  for (HeldLock L : Held) {
    if (L.If && L.If != Result) {
      if (!Cmp || Cmp->getOperand(0) != L.If)
        continue;
      L.IfNotZero ^= Cmp->getPredicate() == ICmpInst::ICMP_EQ;
    }
    There.push_back(L);
  }
  return There;
}

/// What is known of the call's result over the edge.
enum class Outcome : uint8_t { Unknown, Zero, NotZero };

struct Tested {
  const Value *Of = nullptr;
  Outcome Result = Outcome::Unknown;
};

Tested testedOn(const BasicBlock &From, const BasicBlock &To) {
  const auto *Br = dyn_cast<BranchInst>(From.getTerminator());
  if (Br && Br->isConditional() && Br->getSuccessor(0) != Br->getSuccessor(1)) {
    const auto *Cmp = dyn_cast<ICmpInst>(Br->getCondition());
    if (!Cmp)
      return {Br->getCondition(), Br->getSuccessor(0) == &To ? Outcome::NotZero : Outcome::Zero};
    const auto *C = dyn_cast<ConstantInt>(Cmp->getOperand(1));
    if (!C || !Cmp->isEquality())
      return {};
    bool Equal = (Cmp->getPredicate() == ICmpInst::ICMP_EQ) == (Br->getSuccessor(0) == &To);
    if (C->isZero())
      return {Cmp->getOperand(0), Equal ? Outcome::Zero : Outcome::NotZero};
    return {Cmp->getOperand(0), Equal ? Outcome::NotZero : Outcome::Unknown};
  }
  if (const auto *Switch = dyn_cast<SwitchInst>(From.getTerminator())) {
    bool Default = Switch->getDefaultDest() == &To, Zero = false, Other = false, ZeroElsewhere = false;
    for (const auto &Case : Switch->cases())
      if (Case.getCaseSuccessor() == &To)
        (Case.getCaseValue()->isZero() ? Zero : Other) = true;
      else
        ZeroElsewhere |= Case.getCaseValue()->isZero();
    if (Zero && !Other && !Default)
      return {Switch->getCondition(), Outcome::Zero};
    if (!Zero && (!Default || ZeroElsewhere))
      return {Switch->getCondition(), Outcome::NotZero};
  }
  return {};
}

} // namespace

/// One function.
class FunctionFlow {
  LockFlow &Flow;
  const Function &F;
  const DataLayout &DL;
  DenseMap<const BasicBlock *, HeldLocks> Ends; // of the blocks that were reached
  LockSummary *Sum = nullptr;                   // to be filled

  bool isHeld(const HeldLocks &Held, const LockPath &Path) const {
    return Path.isKnown() && any_of(Held, [&](const HeldLock &L) { return L.Path == Path; });
  }

  /// The lock as such if it is one that is held, else all that it might be.
  void giveBack(HeldLocks &Held, const LockPath &Path) {
    bool Known = isHeld(Held, Path);
    erase_if(Held, [&](const HeldLock &L) { return Known ? L.Path == Path : Flow.Aliases.mayBeSame(L.Path, Path); });
    if (!Known && Sum)
      addOnce(Sum->GivesBack, forCallers(Path));
  }

  static void take(HeldLocks &Held, const HeldLock &Lock) {
    if (!is_contained(Held, Lock))
      Held.push_back(Lock);
  }

  void apply(HeldLocks &Held, const LockSummary &Callee, const CallBase &Site) {
    if (Callee.GivesBackAll) {
      Held.clear();
      if (Sum)
        Sum->GivesBackAll = true;
      return;
    }
    for (const LockPath &Path : Callee.GivesBack)
      giveBack(Held, seenFrom(Site, Path));
    if (Sum)
      for (const LockPath &Path : Callee.Suspends)
        if (LockPath Here = seenFrom(Site, Path); !isHeld(Held, Here))
          addOnce(Sum->Suspends, forCallers(Here));
    for (const HeldLock &L : Callee.Takes)
      take(Held, {seenFrom(Site, L.Path), L.Shared, &Site, L.Origin, L.If ? &Site : nullptr, L.IfNotZero});
  }

  /// A call of code that nothing is known of. It may call the program back, and give back a lock that it is handed.
  void applyUnknown(HeldLocks &Held, const CallBase &Site) {
    apply(Held, Flow.Callbacks, Site);
    if (Held.empty())
      return;
    for (const Use &U : Site.args())
      if (U->getType()->isPointerTy())
        erase_if(Held, [&](const HeldLock &L) { return L.Path.isKnown() && L.Path == lockPath(L.Path.Kind, U, DL); });
  }

  void applyEffect(HeldLocks &Held, const LockEffect &E, const CallBase &Site) {
    if (E.Operand >= Site.arg_size())
      return;
    LockPath Path = lockPath(E.Of, Site.getArgOperand(E.Operand), DL);
    if (E.Does == LockEffect::Release)
      giveBack(Held, Path);
    else if (E.Does == LockEffect::Wait) {
      if (Sum && !isHeld(Held, Path))
        addOnce(Sum->Suspends, forCallers(Path));
    } else
      take(Held, {Path, E.Shared, &Site, &Site, E.Does == LockEffect::Try ? &Site : nullptr});
  }

  /// False if the call does not return.
  bool step(HeldLocks &Held, const CallBase &Site) {
    if (Site.isInlineAsm() || isa<IntrinsicInst>(Site))
      return true;
    const Function *Callee = calleeOf(Site);
    if (Site.hasFnAttr(Attribute::ReturnsTwice)) { // the second time with what holds at the jump
      erase_if(Held, [&](const HeldLock &L) { return L.If || !Callee || !isSetjmp(Callee->getName()); });
      for (HeldLock &L : Held)
        L.If = &Site;
      return true;
    }
    if (!Callee) {
      applyUnknown(Held, Site);
    } else if (!Callee->isDeclaration()) {
      const LockSummary &S = Flow.of(*Callee);
      apply(Held, S, Site);
      return S.Returns;
    } else if (LockEffect E = lockEffect(Callee->getName()); E.Does != LockEffect::None) {
      applyEffect(Held, E, Site);
    } else if (Flow.Runtime.contains(Callee->getName()) || waitClass(Callee->getName(), Site) != WaitClass::None) {
      if (callsBack(Callee->getName()))
        apply(Held, Flow.Callbacks, Site);
    } else if (const pointsto::Model *Known = pointsto::modelOf(Callee->getName())) {
      if (modelCallsBack(*Known))
        apply(Held, Flow.Callbacks, Site);
    } else if (!Site.doesNotAccessMemory()) {
      applyUnknown(Held, Site);
    }
    return true;
  }

  /// False if the end of the block is not reached.
  bool through(const BasicBlock &BB, HeldLocks &Held) {
    return all_of(BB, [&](const Instruction &I) {
      const auto *Site = dyn_cast<CallBase>(&I);
      return !Site || step(Held, *Site);
    });
  }

  /// The locks during the call: those held before and not given back by it.
  HeldLocks during(const HeldLocks &Before, const CallBase &Site) {
    HeldLocks Held = Before;
    erase_if(Held, [](const HeldLock &L) { return L.If; });
    const Function *Callee = calleeOf(Site);
    if (!Callee || Held.empty())
      return {};
    if (LockEffect E = lockEffect(Callee->getName()); E.Does == LockEffect::Wait && Callee->isDeclaration()) {
      LockPath Path = lockPath(E.Of, Site.getArgOperand(E.Operand), DL);
      bool Known = isHeld(Held, Path);
      erase_if(Held, [&](const HeldLock &L) { return Known ? L.Path == Path : Flow.Aliases.mayBeSame(L.Path, Path); });
    } else if (!Callee->isDeclaration()) {
      const LockSummary &S = Flow.of(*Callee);
      if (S.GivesBackAll)
        return {};
      for (const LockPaths *Paths : {&S.GivesBack, &S.Suspends})
        for (const LockPath &Inside : *Paths) {
          LockPath Path = seenFrom(Site, Inside);
          erase_if(Held, [&](const HeldLock &L) { return Flow.Aliases.mayBeSame(L.Path, Path); });
        }
    }
    return Held;
  }

  static void refine(HeldLocks &Held, const BasicBlock &From, const BasicBlock &To) {
    Tested T = testedOn(From, To);
    if (T.Result == Outcome::Unknown)
      return;
    bool Zero = T.Result == Outcome::Zero;
    for (HeldLock L : SmallVector<HeldLock, 2>(Held))
      if (L.If == T.Of) {
        erase(Held, L);
        if (Zero == L.IfNotZero)
          continue;
        L.If = nullptr;
        L.IfNotZero = false;
        take(Held, L);
      } else if (!Zero && L.Site == T.Of && T.Of->getType()->isIntegerTy()) {
        erase(Held, L);
      }
  }

  /// What is held at the block's start; false if no path to it has been followed yet.
  bool start(const BasicBlock &BB, HeldLocks &Held) const {
    bool Reached = &BB == &F.getEntryBlock();
    for (const BasicBlock *From : predecessors(&BB)) {
      auto It = Ends.find(From);
      if (It == Ends.end())
        continue;
      HeldLocks Here = It->second;
      refine(Here, *From, BB);
      if (Reached)
        intersect(Held, Here);
      else
        Held = std::move(Here);
      Reached = true;
    }
    return Reached;
  }

public:
  FunctionFlow(LockFlow &Flow, const Function &F) : Flow(Flow), F(F), DL(F.getParent()->getDataLayout()) {
    ReversePostOrderTraversal<const Function *> Order(&F);
    for (bool Changed = true; Changed;) {
      Changed = false;
      for (const BasicBlock *BB : Order) {
        HeldLocks Held;
        if (!start(*BB, Held) || !through(*BB, Held))
          continue;
        auto [It, New] = Ends.try_emplace(BB);
        Changed |= New || It->second != Held;
        It->second = std::move(Held);
      }
    }
  }

  void eachCall(function_ref<void(const CallBase &, const HeldLocks &)> Do) {
    for (const BasicBlock &BB : F) {
      HeldLocks Held;
      if (!start(BB, Held))
        continue;
      for (const Instruction &I : BB)
        if (const auto *Site = dyn_cast<CallBase>(&I)) {
          if (HeldLocks During = during(Held, *Site); !During.empty())
            Do(*Site, During);
          if (!step(Held, *Site))
            break;
        }
    }
  }

  LockSummary summary() {
    LockSummary Result;
    Sum = &Result;
    for (const BasicBlock &BB : F) {
      HeldLocks Held;
      if (!start(BB, Held) || !through(BB, Held))
        continue;
      const auto *Return = dyn_cast<ReturnInst>(BB.getTerminator());
      if (!Return)
        continue;
      Held = whereReturned(Held, Return->getReturnValue());
      if (Result.Returns)
        intersect(Result.Takes, Held);
      else
        Result.Takes = Held;
      Result.Returns = true;
    }
    for (HeldLock &L : Result.Takes)
      L.Path = forCallers(L.Path);
    Sum = nullptr;
    return Result;
  }
};

bool LockFlow::sumUpCallbacks(const Module &M) {
  LockSummary All;
  All.Returns = true;
  auto Add = [&](const LockPath &Path) {
    addOnce(All.GivesBack, isa_and_nonnull<GlobalVariable>(Path.Base) ? Path : someLock(Path.Kind));
  };
  for (const Function &F : M) {
    if (!F.hasAddressTaken())
      continue;
    if (F.isDeclaration()) {
      if (LockEffect E = lockEffect(F.getName()); E.Does == LockEffect::Release)
        Add(someLock(E.Of));
      continue;
    }
    const LockSummary &S = of(F);
    All.GivesBackAll |= S.GivesBackAll;
    for_each(S.GivesBack, Add);
    for_each(S.Suspends, Add);
  }
  bool Changed = !(All == Callbacks);
  Callbacks = std::move(All);
  return Changed;
}

const LockSummary &LockFlow::of(const Function &F) const {
  auto It = Summaries.find(&F);
  return It == Summaries.end() ? NotYet : It->second;
}

bool LockFlow::summarize(Module &M) {
  bool Any = false;
  llvm::CallGraph Calls(M);
  for (auto I = scc_begin(&Calls); !I.isAtEnd(); ++I) {
    unsigned Round = 0;
    for (bool Changed = true; Changed; ++Round) {
      Changed = false;
      for (CallGraphNode *N : *I) {
        const Function *F = N->getFunction();
        if (!F || F->isDeclaration())
          continue;
        LockSummary New = Round < MostRounds ? FunctionFlow(*this, *F).summary() : Unknown;
        LockSummary &Old = Summaries[F];
        if (Round == ManyRounds)
          Widened.insert(F);
        if (Widened.contains(F)) {
          New.GivesBack = widened(New.GivesBack, Old.GivesBack);
          New.Suspends = widened(New.Suspends, Old.Suspends);
        }
        Changed |= !(New == Old);
        Old = std::move(New);
      }
      Any |= Changed;
      Changed &= I.hasCycle();
    }
  }
  return Any;
}

LockFlow::LockFlow(Module &M, const StringSet<> &Runtime) : Runtime(Runtime) {
  Unknown.GivesBackAll = Unknown.Returns = true;
  for (unsigned Round = 0; Round != MostRounds; ++Round) {
    bool Changed = summarize(M);
    Changed |= sumUpCallbacks(M);
    if (!Changed)
      return;
  }
  Callbacks = Unknown;
  for (const Function &F : M)
    if (!F.isDeclaration())
      Summaries[&F] = Unknown;
}

void LockFlow::eachCall(const Function &F, function_ref<void(const CallBase &, const HeldLocks &)> Do) {
  FunctionFlow(*this, F).eachCall(Do);
}

} // namespace capriccio
