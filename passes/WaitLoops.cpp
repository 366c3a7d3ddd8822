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
#include "RuntimeFunctions.h"
#include "CallGraph.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Analysis/ValueTracking.h"
#include "llvm/IR/CycleInfo.h"
#include "llvm/IR/CFG.h"
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

/// The address of an access that other threads are expected to answer, else null.
const Value *sharedAddress(const Instruction &I) {
  if (const auto *L = dyn_cast<LoadInst>(&I))
    return L->isVolatile() || L->isAtomic() ? L->getPointerOperand() : nullptr;
  if (const auto *R = dyn_cast<AtomicRMWInst>(&I))
    return R->getPointerOperand();
  if (const auto *C = dyn_cast<AtomicCmpXchgInst>(&I))
    return C->getPointerOperand();
  return nullptr;
}

/// Whether the address of a local variable gets anywhere but into accesses. Not LLVM's own analysis: for that a volatile access is a way
/// out.
bool isKnownElsewhere(const AllocaInst &Local) {
  SetVector<const Value *> Values;
  Values.insert(&Local);
  for (unsigned I = 0; I != Values.size(); ++I)
    for (const Use &U : Values[I]->uses()) {
      const User *By = U.getUser();
      if (isa<GetElementPtrInst, CastInst, PHINode, SelectInst>(By))
        Values.insert(By);
      else if (const auto *CB = dyn_cast<CallBase>(By)) {
        if (!CB->isDataOperand(&U) || !CB->doesNotCapture(CB->getDataOperandNo(&U)))
          return true;
      } else if (const auto *S = dyn_cast<StoreInst>(By)) {
        if (U.getOperandNo() != S->getPointerOperandIndex())
          return true;
      } else if (const auto *R = dyn_cast<AtomicRMWInst>(By)) {
        if (U.getOperandNo() != R->getPointerOperandIndex())
          return true;
      } else if (const auto *C = dyn_cast<AtomicCmpXchgInst>(By)) {
        if (U.getOperandNo() != C->getPointerOperandIndex())
          return true;
      } else if (!isa<LoadInst, ICmpInst>(By)) {
        return true;
      }
    }
  return false;
}

/// The local variable that an address points into, if nobody else knows it.
const AllocaInst *ownLocal(const Value *Address) {
  const auto *A = dyn_cast<AllocaInst>(getUnderlyingObject(Address));
  return A && !isKnownElsewhere(*A) ? A : nullptr;
}

bool isLocal(const Value *Address) { return Address->getType()->isPointerTy() && isa<AllocaInst>(getUnderlyingObject(Address)); }

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

/// What a value depends on, as far as the loop (or function) in question makes it.
struct Origin {
  bool Waits = false;  // on an access to the same address in each round
  bool Walks = false;  // on an access to an address that is computed anew in each round
  bool Counts = false; // on what the rounds before have made
  bool Memory = false; // on memory that nothing says others change
};

/// Where values come from inside one loop: a natural one, or what is left of one that is entered at several places; or inside a function.
class ValueReader {
protected:
  const WaitLoops &Callees;
  const Cycle *Loop; // null: the whole function
  const Function &F;

  bool contains(const BasicBlock *BB) const { return !Loop || Loop->contains(BB); }
  bool isEntry(const BasicBlock *BB) const { return Loop && Loop->isEntry(BB); }
  bool branches(const BasicBlock &BB) const {
    return count_if(successors(&BB), [&](const BasicBlock *S) { return contains(S); }) > 1;
  }

public:
  ValueReader(const WaitLoops &Callees, const Cycle *Loop, const Function &F)
      : Callees(Callees), Loop(Loop), F(F) {}

  bool looksAtShared(const Instruction &I) const {
    if (const Value *Address = sharedAddress(I))
      return !ownLocal(Address);
    const auto *CB = dyn_cast<CallBase>(&I);
    if (!CB || CB->isInlineAsm())
      return false;
    const CalleeSummary &Callee = Callees.of(I);
    return Callee.Waits || (Callee.Leaves && any_of(CB->args(), [](const Value *V) { return isLocal(V); }));
  }

  static void addCondition(const BasicBlock &BB, SetVector<const Value *> &Values) {
    const Instruction *End = BB.getTerminator();
    if (End->getNumSuccessors() > 1)
      for (const Value *V : End->operands())
        Values.insert(V);
  }

  /// The conditions inside that decide whether a round comes to `BB`: of the branches from which it still may, and on another side not.
  void addControls(const BasicBlock &BB, SetVector<const Value *> &Values) const {
    const BasicBlock *Head = Loop ? Loop->getHeader() : nullptr;
    SetVector<const BasicBlock *> May;
    May.insert(&BB);
    for (unsigned I = 0; I != May.size(); ++I)
      if (May[I] != Head)
        for (const BasicBlock *Before : predecessors(May[I]))
          if (contains(Before))
            May.insert(Before);
    for (const BasicBlock *Above : May)
      if (Above != &BB && any_of(successors(Above), [&](const BasicBlock *S) { return contains(S) && (S == Head || !May.contains(S)); }))
        addCondition(*Above, Values);
  }

  /// Counts: the address is another one in each round; Memory: because it was read (a list).
  Origin addressChanges(const Value *Address) const {
    Origin Result;
    SetVector<const Value *> Values;
    Values.insert(Address);
    bool Read = false;
    for (unsigned I = 0; I != Values.size(); ++I) {
      const auto *In = dyn_cast<Instruction>(Values[I]);
      if (!In || !contains(In->getParent()))
        continue;
      if (const auto *Phi = dyn_cast<PHINode>(In)) {
        Result.Counts |= isEntry(Phi->getParent());
        for (unsigned J = 0; J != Phi->getNumIncomingValues(); ++J)
          if (contains(Phi->getIncomingBlock(J)))
            Values.insert(Phi->getIncomingValue(J));
        continue;
      }
      Read |= isa<LoadInst>(In);
      if (isa<LoadInst>(In) && ownLocal(cast<LoadInst>(In)->getPointerOperand()))
        continue; // unoptimized code: taken for the same
      for (const Value *V : In->operands())
        Values.insert(V);
    }
    Result.Memory = Result.Counts && Read;
    return Result;
  }

  void trace(SetVector<const Value *> &Values, Origin &From) const {
    for (unsigned I = 0; I != Values.size(); ++I) {
      const auto *In = dyn_cast<Instruction>(Values[I]);
      if (!In || !contains(In->getParent()))
        continue;
      if (const auto *Phi = dyn_cast<PHINode>(In)) {
        traceMerge(*Phi, Values, From);
        continue;
      }
      if (looksAtShared(*In)) {
        const Value *Address = sharedAddress(*In);
        Origin Where = Address ? addressChanges(Address) : Origin();
        From.Waits |= !Where.Counts;
        From.Walks |= Where.Counts && !Where.Memory;
        From.Counts |= Where.Memory;
        continue;
      }
      if (const auto *L = dyn_cast<LoadInst>(In)) {
        traceLoad(*L, Values, From);
        continue;
      }
      for (const Value *V : In->operands())
        Values.insert(V);
    }
  }

  void traceMerge(const PHINode &Phi, SetVector<const Value *> &Values, Origin &From) const {
    From.Counts |= isEntry(Phi.getParent());
    unsigned Inside = 0;
    for (unsigned J = 0; J != Phi.getNumIncomingValues(); ++J)
      if (contains(Phi.getIncomingBlock(J))) {
        Values.insert(Phi.getIncomingValue(J));
        ++Inside;
      }
    if (Inside < 2)
      return;
    // A constant says by which way the round came; any other value speaks for itself.
    for (unsigned J = 0; J != Phi.getNumIncomingValues(); ++J)
      if (const BasicBlock *BB = Phi.getIncomingBlock(J); contains(BB) && isa<Constant>(Phi.getIncomingValue(J))) {
        if (branches(*BB))
          addCondition(*BB, Values);
        addControls(*BB, Values);
      }
  }

  void traceLoad(const LoadInst &L, SetVector<const Value *> &Values, Origin &From) const {
    const auto *Local = dyn_cast<AllocaInst>(getUnderlyingObject(L.getPointerOperand()));
    if (!Local) {
      (addressChanges(L.getPointerOperand()).Counts ? From.Counts : From.Memory) = true;
      Values.insert(L.getPointerOperand());
      return;
    }
    From.Memory |= !ownLocal(Local);
    for (const BasicBlock &BB : F)
      for (const Instruction &I : BB)
        if (contains(&BB) && isa<CallBase>(I) && looksAtShared(I))
          From.Waits |= any_of(cast<CallBase>(I).args(), [&](const Value *V) { return isLocal(V) && getUnderlyingObject(V) == Local; });
        else if (const auto *S = dyn_cast<StoreInst>(&I); S && contains(&BB) && getUnderlyingObject(S->getPointerOperand()) == Local) {
          From.Counts = true;
          Values.insert(S->getValueOperand());
          if (isa<Constant>(S->getValueOperand()))
            addControls(BB, Values);
        }
  }
};

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
