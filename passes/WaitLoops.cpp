// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A loop waits if it may be left only by what it reads of memory that others change: an atomic or volatile access whose address is the same in
// each round decides an exit. `pause` says so outright, and a loop without any exit goes on for the others' sake. Which of two
// nested loops that is follows from the exits: in `for (;;) { sum of n atomics; if (!sum) break; }` the outer one, in redis's
// `for (j = 0; j < 1000000; j++) if (atomic) break;` the inner one. A loop that also ends by counting is left alone where it does any
// work (stores, reads along an array, floating point, unknown calls): that is a computation which can be cut short. One that
// can end in no other way carries the look whatever it does. An access that does not decide an exit but only whether a round comes to
// one counts in a loop that works if there is a round without work: the optimizer gives a wait and the loop around it one head, while an
// interpreter that looks at a flag before each instruction (Lua) works in every round.
//
// Plain memory that nothing in the loop changes is waited for, too: -O0 and barriers in assembly leave such loops as they were written.
//
// Not a wait: reading along an array or a list; a compare-and-exchange that is tried again with what memory held, since that fails
// only as another one succeeds; a round that gives way anyhow (sched_yield, sleep). A wrong guess costs two instructions a round,
// or, on the other side, a program that stands still; so what is not understood counts as waiting.
#include "WaitLoops.h"
#include "CallGraph.h"
#include "RuntimeFunctions.h"
#include "WaitValues.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/IR/InlineAsm.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/Instructions.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/IR/IntrinsicsX86.h"

using namespace llvm;

namespace capriccio {
namespace {

/// Functions of libc's, here the runtime's, in each call of which the other threads have a turn.
bool givesWayAlways(StringRef Name) {
  static const StringSet<> Names = {"sched_yield", "thrd_yield", "sleep", "usleep", "nanosleep", "clock_nanosleep", "thrd_sleep", "pause",
                                    "sigsuspend", "sigwait", "sigwaitinfo", "pthread_barrier_wait", "pthread_cond_wait",
                                    "pthread_cond_timedwait", "pthread_cond_clockwait", "cnd_wait", "cnd_timedwait"};
  return Names.contains(Name);
}

/// Those that say at once what other threads have done.
bool asks(StringRef Name) { return Name.contains("try") || Name == "sem_getvalue" || Name == "pthread_kill"; }

const Function *calleeOf(const CallBase &Site) {
  return dyn_cast<Function>(Site.getCalledOperand()->stripPointerCastsAndAliases());
}

bool isPause(const Instruction &I) {
  if (const auto *II = dyn_cast<IntrinsicInst>(&I))
    return II->getIntrinsicID() == Intrinsic::x86_sse2_pause;
  const auto *CB = dyn_cast<CallBase>(&I);
  const auto *Asm = CB ? dyn_cast<InlineAsm>(CB->getCalledOperand()) : nullptr;
  if (!Asm)
    return false;
  SmallString<32> Text;
  for (char C : Asm->getAsmString())
    if (!isSpace(C) && C != ';')
      Text += C;
  return Text == "pause" || Text == "repnop" || Text == "repznop";
}

/// Whether the instruction, which is no call of a known function, does more than looking.
bool worksItself(const Instruction &I) {
  if (const auto *S = dyn_cast<StoreInst>(&I))
    return !S->isVolatile() && !S->isAtomic() && !ownLocal(S->getPointerOperand());
  if (const auto *II = dyn_cast<IntrinsicInst>(&I))
    return isa<AnyMemIntrinsic>(II) || (!II->isAssumeLikeIntrinsic() && II->getType()->isFPOrFPVectorTy());
  if (const auto *CB = dyn_cast<CallBase>(&I)) {
    if (const auto *Asm = dyn_cast<InlineAsm>(CB->getCalledOperand()))
      return !isPause(I) && !StringRef(Asm->getAsmString()).trim().empty();
    return !CB->onlyReadsMemory();
  }
  return isa<VAArgInst>(I) || (isa<BinaryOperator>(I) && I.getType()->isFPOrFPVectorTy());
}

/// One loop.
class LoopReader : ValueReader {
  const Cycle &C;

public:
  LoopReader(const WaitLoops &Callees, const Cycle &C)
      : ValueReader(Callees, &C, *C.getHeader()->getParent()), C(C) {}

  bool waits() const {
    bool Pauses = false, Looks = false, Works = false, Calls = false, Closed = true;
    for (const BasicBlock *BB : C.blocks()) {
      Closed &= all_of(successors(BB), [&](const BasicBlock *S) { return C.contains(S); });
      for (const Instruction &I : *BB) {
        Pauses |= isPause(I) || Callees.of(I).Pauses;
        Looks |= looksAtShared(I);
        Calls |= isa<CallBase>(I) && !isa<IntrinsicInst>(I) && !cast<CallBase>(I).isInlineAsm();
      }
    }
    if (Pauses || Closed || (!Looks && Calls))
      return Pauses || Closed;
    for (const BasicBlock *BB : C.blocks())
      Works |= any_of(*BB, [&](const Instruction &I) { return works(I); });
    if (!Looks && Works)
      return false;
    bool ByWaiting = false, ByControl = false, ByWalking = false, ByMemory = false, ByCounting = false, Otherwise = false;
    for (const BasicBlock *BB : C.blocks()) {
      if (all_of(successors(BB), [&](const BasicBlock *S) { return C.contains(S); }))
        continue; // `unreachable` is no way out
      Origin From, Before;
      SetVector<const Value *> Condition, Controls;
      addCondition(*BB, Condition);
      trace(Condition, From);
      bool Each = passedEachRound(*BB);
      if (!Each)
        addControls(*BB, Controls);
      trace(Controls, Before);
      bool Counts = Each && From.Counts && !From.Waits && !From.Walks;
      ByWaiting |= From.Waits && !onlyRetries(*BB);
      ByControl |= Before.Waits;
      ByWalking |= From.Walks;
      ByMemory |= From.Memory && !Counts;
      ByCounting |= Counts;
      Otherwise |= From.Counts || Before.Counts || !(From.Memory || Before.Memory);
    }
    if (!Looks)
      return !Otherwise;
    if (!Works)
      return ByWaiting || ByControl || ByMemory || (ByWalking && !ByCounting);
    return !ByCounting && (ByWaiting || ByWalking || (ByControl && hasIdleRound()));
  }

  /// Edges over which a round ends that may have given no way.
  std::vector<BackEdge> backEdges() const {
    std::vector<BackEdge> Edges;
    SetVector<BasicBlock *> Reached;
    BasicBlock *Head = C.getHeader();
    Reached.insert(Head);
    for (unsigned I = 0; I != Reached.size(); ++I) {
      BasicBlock *BB = Reached[I];
      if (any_of(*BB, [&](const Instruction &In) { return isa<CallBase>(In) && Callees.of(In).GivesWay; }))
        continue;
      bool Back = false;
      for (BasicBlock *S : successors(BB)) {
        Back |= S == Head;
        if (C.contains(S))
          Reached.insert(S);
      }
      if (Back)
        Edges.push_back({BB, Head});
    }
    return Edges;
  }

private:
  bool works(const Instruction &I) const {
    if (const auto *CB = dyn_cast<CallBase>(&I); CB && !CB->isInlineAsm() && !isa<IntrinsicInst>(CB))
      return Callees.of(I).Works;
    if (const auto *L = dyn_cast<LoadInst>(&I); L && !sharedAddress(I))
      return addressChanges(L->getPointerOperand()).Counts;
    return worksItself(I);
  }

  /// Whether a round may look at what others change, and do no work: what is left of a loop that waits inside of one that works, where
  /// the optimizer gave both the same head.
  bool hasIdleRound() const {
    const BasicBlock *Head = C.getHeader();
    SetVector<const BasicBlock *> Reached;
    Reached.insert(Head);
    bool Looks = false, Ends = false;
    for (unsigned I = 0; I != Reached.size(); ++I) {
      if (any_of(*Reached[I], [&](const Instruction &In) { return works(In); }))
        continue;
      Looks |= any_of(*Reached[I], [&](const Instruction &In) { return looksAtShared(In); });
      for (const BasicBlock *S : successors(Reached[I])) {
        Ends |= S == Head;
        if (C.contains(S))
          Reached.insert(S);
      }
    }
    return Looks && Ends;
  }

  bool passedEachRound(const BasicBlock &BB) const {
    const BasicBlock *Head = C.getHeader();
    SetVector<const BasicBlock *> Reached;
    if (&BB != Head)
      Reached.insert(Head);
    for (unsigned I = 0; I != Reached.size(); ++I)
      for (const BasicBlock *S : successors(Reached[I])) {
        if (S == Head)
          return false;
        if (S != &BB && C.contains(S))
          Reached.insert(S);
      }
    return true;
  }

  /// True if the exit is the success of a compare-and-exchange of what memory held before, and each round tries it.
  bool onlyRetries(const BasicBlock &Exit) const {
    const auto *Br = dyn_cast<BranchInst>(Exit.getTerminator());
    if (!Br || !Br->isConditional() || !passedEachRound(Exit))
      return false;
    const auto *Success = dyn_cast<ExtractValueInst>(Br->getCondition());
    const auto *Try = Success ? dyn_cast<AtomicCmpXchgInst>(Success->getAggregateOperand()) : nullptr;
    if (!Try || Success->getIndices() != ArrayRef<unsigned>(1))
      return false;
    SetVector<const Value *> Values;
    Values.insert(Try->getCompareOperand());
    for (unsigned I = 0; I != Values.size(); ++I) {
      const Value *V = Values[I];
      if (const auto *Phi = dyn_cast<PHINode>(V)) {
        for (unsigned J = 0; J != Phi->getNumIncomingValues(); ++J)
          if (C.contains(Phi->getIncomingBlock(J)))
            Values.insert(Phi->getIncomingValue(J));
      } else if (const auto *Held = dyn_cast<ExtractValueInst>(V)) {
        if (Held->getAggregateOperand() != Try)
          return false;
      } else if (const auto *L = dyn_cast<LoadInst>(V)) {
        if (L->getPointerOperand()->stripPointerCasts() != Try->getPointerOperand()->stripPointerCasts() || !C.contains(L->getParent()))
          return false;
      } else if (const auto *Cast = dyn_cast<CastInst>(V)) {
        Values.insert(Cast->getOperand(0));
      } else {
        return false;
      }
    }
    return true;
  }
};

/// Sets whether the result, and what is stored, is up to other threads.
void readOutcome(const Function &F, const WaitLoops &Callees, CalleeSummary &S) {
  ValueReader Reader(Callees, nullptr, F);
  Origin Result, Stored;
  SetVector<const Value *> Results, Values;
  for (const BasicBlock &BB : F)
    for (const Instruction &I : BB)
      if (const auto *R = dyn_cast<ReturnInst>(&I); R && R->getReturnValue()) {
        Results.insert(R->getReturnValue());
        if (isa<Constant>(R->getReturnValue()))
          Reader.addControls(BB, Results);
      } else if (const auto *Store = dyn_cast<StoreInst>(&I); Store && !sharedAddress(I) && !ownLocal(Store->getPointerOperand())) {
        Values.insert(Store->getValueOperand());
      }
  Reader.trace(Results, Result);
  Reader.trace(Values, Stored);
  S.Waits |= Result.Waits;
  S.Leaves |= Stored.Waits;
}

/// Whether a call that gives way is met on every way from the start of `F` to its end.
bool alwaysGivesWay(const Function &F, const WaitLoops &Callees) {
  SetVector<const BasicBlock *> Reached;
  Reached.insert(&F.getEntryBlock());
  for (unsigned I = 0; I != Reached.size(); ++I) {
    const BasicBlock *BB = Reached[I];
    if (any_of(*BB, [&](const Instruction &In) { return isa<CallBase>(In) && Callees.of(In).GivesWay; }))
      continue;
    if (isa<ReturnInst>(BB->getTerminator()))
      return false;
    for (const BasicBlock *S : successors(BB))
      Reached.insert(S);
  }
  return true;
}

} // namespace

const CalleeSummary &WaitLoops::of(const Instruction &Call) const {
  static const CalleeSummary Nothing, Unknown = {.Works = true}, Yields = {.Works = true, .GivesWay = true};
  const auto *Site = dyn_cast<CallBase>(&Call);
  if (!Site || Site->isInlineAsm() || isa<IntrinsicInst>(Site))
    return Nothing;
  const Function *Callee = calleeOf(*Site);
  if (!Callee)
    return Unknown;
  if (auto It = Summaries.find(Callee); It != Summaries.end())
    return It->second;
  if (givesWayAlways(Callee->getName()))
    return Yields;
  return Site->onlyReadsMemory() ? Nothing : Unknown;
}

WaitLoops::WaitLoops(const Module &M, DenseSet<const Function *> RuntimeFunctions) : Runtime(std::move(RuntimeFunctions)) {
  for (const Function &F : M) {
    if (isOpaque(F))
      continue;
    CalleeSummary &S = Summaries[&F];
    if (Runtime.contains(&F)) {
      S = {.Waits = asks(F.getName()), .Works = true, .GivesWay = givesWayAlways(F.getName())};
      continue;
    }
    for (const Instruction &I : instructions(F)) {
      const auto *CB = dyn_cast<CallBase>(&I);
      S.Works |= (!CB || CB->isInlineAsm() || isa<IntrinsicInst>(CB)) && worksItself(I);
      S.Pauses |= F.size() == 1 && isPause(I);
    }
  }
  // As many rounds as functions call each other deep.
  for (bool Changed = true; Changed;) {
    Changed = false;
    for (auto &[F, S] : Summaries) {
      if (Runtime.contains(F))
        continue;
      CalleeSummary New = S;
      bool Looks = false;
      for (const Instruction &I : instructions(*F)) {
        const CalleeSummary &Callee = of(I);
        Looks |= Callee.Waits || sharedAddress(I);
        New.Works |= Callee.Works;
        New.Pauses |= F->size() == 1 && Callee.Pauses;
      }
      if (Looks)
        readOutcome(*F, *this, New);
      if (!New.GivesWay)
        New.GivesWay = alwaysGivesWay(*F, *this);
      Changed |= New.Waits != S.Waits || New.Leaves != S.Leaves || New.Works != S.Works || New.GivesWay != S.GivesWay || New.Pauses != S.Pauses;
      S = New;
    }
  }
}

/// A program names the runtime's replacements only. A call of anything else of the runtime's came with a replacement that was inlined, which
/// gives way by itself.
static bool isInlinedRuntime(const Cycle &C, const DenseSet<const Function *> &Runtime) {
  for (const BasicBlock *B : C.blocks())
    for (const Instruction &I : *B)
      if (const auto *CB = dyn_cast<CallBase>(&I))
        if (const Function *Callee = CB->getCalledFunction(); Callee && Runtime.contains(Callee) && !isReplacement(*Callee))
          return true;
  return false;
}

std::vector<std::vector<BackEdge>> WaitLoops::find(Function &F) const {
  std::vector<std::vector<BackEdge>> Found;
  if (Runtime.contains(&F))
    return Found;
  CycleInfo Cycles;
  Cycles.compute(F);
  if (Cycles.toplevel_begin() == Cycles.toplevel_end())
    return Found;
  SmallVector<const Cycle *, 8> Work(Cycles.toplevel_begin(), Cycles.toplevel_end());
  while (!Work.empty()) {
    const Cycle *C = Work.pop_back_val();
    Work.append(C->child_begin(), C->child_end());
    if (isInlinedRuntime(*C, Runtime))
      continue;
    LoopReader Loop(*this, *C);
    if (std::vector<BackEdge> Edges; Loop.waits() && !(Edges = Loop.backEdges()).empty())
      Found.push_back(std::move(Edges));
  }
  return Found;
}

} // namespace capriccio
