// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The functions that lead to blocking points are found backwards from the runtime's; their strongly connected components, callers
// first, are numbered in one sweep. Everything is linear in the edges, but for the target sets of pointers.
#include "ContextGraph.h"
#include "PointsTo/Models.h"
#include "RuntimeFunctions.h"
#include "Stubs.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/IntEqClasses.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/IR/DebugInfoMetadata.h"
#include "llvm/IR/Instructions.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Support/xxhash.h"
#include <map>
#include <tuple>

using namespace llvm;

namespace capriccio {
namespace {

/// A function that more chains reach is one where counting starts again: so small differences stay apart over one turn of the word for
/// certain, and over several as far as docs/blocking-graph.md says.
constexpr uint64_t MostChains = 1 << 22;

/// Immediate operands are 31 bits and a sign.
constexpr uint64_t MostConstant = (1u << 30) - 1;

/// May the function, which is outside the module, call functions of it? What libc does with pointers is in the table of models.
bool mayCallBack(StringRef Name) {
  // What was registered elsewhere, of which the call's arguments say nothing: pthread_atfork's handlers, a stream's close function
  // (fopencookie), constructors and destructors of a shared object.
  if (StringSwitch<bool>(Name).Cases({"fork", "fclose", "dlopen", "dlmopen", "dlclose"}, true).Default(false))
    return true;
  const pointsto::Model *Known = pointsto::modelOf(Name);
  return !Known || any_of(Known->Statements, [](const pointsto::ModelStatement &S) { return S.K == pointsto::ModelStatement::CallBack; });
}

const Function *externalCallee(const CallBase &Call) {
  const auto *F = dyn_cast<Function>(Call.getCalledOperand()->stripPointerCastsAndAliases());
  const Function *Behind = F ? borrowedBy(*F) : nullptr;
  return Behind ? Behind : F;
}

/// The first instruction from `I` on that code generation makes something of.
const Instruction *skipMarks(const Instruction *I) {
  while (I && (isa<DbgInfoIntrinsic>(I) || isa<PseudoProbeInst>(I) || I->isLifetimeStartOrEnd()))
    I = I->getNextNode();
  return I;
}

/// A call whose result is returned at once, with the frame gone by then if code generation wants so: it copies a return that several ways
/// share to the end of each.
bool isTail(const CallBase &Call) {
  const auto *CI = dyn_cast<CallInst>(&Call);
  if (!CI || !CI->isTailCall())
    return false;
  const Instruction *Next = skipMarks(CI->getNextNode());
  if (const auto *Jump = dyn_cast_or_null<BranchInst>(Next); Jump && Jump->isUnconditional())
    Next = skipMarks(&*Jump->getSuccessor(0)->getFirstNonPHIIt());
  return isa_and_nonnull<ReturnInst>(Next);
}

/// Tarjan's, without recursion: the component of each node, callees first.
std::vector<unsigned> components(const std::vector<SmallVector<unsigned, 4>> &Next, const std::vector<bool> &Wanted, unsigned &Count) {
  unsigned N = Next.size(), Last = 0;
  std::vector<unsigned> Component(N, ~0u), Number(N, 0), Low(N, 0), Open;
  std::vector<std::pair<unsigned, unsigned>> Stack;
  Count = 0;
  for (unsigned Root = 0; Root != N; ++Root) {
    if (!Wanted[Root] || Number[Root])
      continue;
    Stack.push_back({Root, 0});
    while (!Stack.empty()) {
      auto &[At, I] = Stack.back();
      if (I == 0) {
        Number[At] = Low[At] = ++Last;
        Open.push_back(At);
      }
      if (I != Next[At].size()) {
        unsigned To = Next[At][I++];
        if (!Number[To])
          Stack.push_back({To, 0});
        else if (Component[To] == ~0u)
          Low[At] = std::min(Low[At], Number[To]);
        continue;
      }
      unsigned Done = At;
      if (Low[Done] == Number[Done]) {
        unsigned Member;
        do {
          Member = Open.back();
          Open.pop_back();
          Component[Member] = Count;
        } while (Member != Done);
        ++Count;
      }
      Stack.pop_back();
      if (!Stack.empty())
        Low[Stack.back().first] = std::min(Low[Stack.back().first], Low[Done]);
    }
  }
  return Component;
}

class Builder {
  const CallGraph &G;
  const IndirectTargets &Targets;
  ContextGraph &Out;
  StringRef SharedObject;             // its name; empty: the program
  std::vector<bool> Runtime;
  bool PointersFromOutside;
  std::vector<bool> ByPointer;        // by site
  std::vector<unsigned> Component;    // by node, over direct calls
  std::vector<unsigned> Round;        // by node, over calls that are the last of their functions
  std::vector<std::vector<unsigned>> Members; // by component, callees first
  std::vector<uint32_t> Offset;       // by node: what its word lacks of its component's count of chains
  std::vector<uint32_t> Entries;      // by component: chains that may begin there through pointers

public:
  Builder(const CallGraph &G, const IndirectTargets &Targets, StringRef SharedObject, ContextGraph &Out)
      : G(G), Targets(Targets), Out(Out), SharedObject(SharedObject), Runtime(findRuntimeFunctions(G)),
        PointersFromOutside(!SharedObject.empty() || findPointersFromOutside()) {}

  void run() {
    findLeading();
    collectSites();
    findRounds();
    findComponents();
    findOffsets();
    number();
    findKept();
  }

private:
  bool blocks(unsigned I) const { return Runtime[I] && G.Nodes[I].MayBlock; }
  bool matters(unsigned I) const { return Out.Leads[I] || blocks(I); }

  /// Calls `Do` with each function that a call through a pointer may end in.
  template <typename F> void eachTarget(const CallBase &Call, F Do) {
    for (const Function *Target : Targets.targets(Call).Functions)
      if (auto It = G.Index.find(Target); It != G.Index.end())
        Do(It->second);
  }

  bool goesOutside(const CallEdge &E) const {
    if (E.Kind == EdgeKind::OtherModule)
      return true;
    if (E.Kind != EdgeKind::ExternalBorrow || !E.Site)
      return false;
    const Function *F = externalCallee(*E.Site);
    return !F || mayCallBack(F->getName());
  }

  /// Does the program get addresses from other modules of ours: by dlsym, or from what it calls in one?
  bool findPointersFromOutside() const {
    for (unsigned I = 0; I != G.Nodes.size(); ++I)
      for (const CallEdge &E : G.Nodes[I].Edges) {
        if (Runtime[I] || E.Callee != ~0u || !E.Site || E.Kind == EdgeKind::Indirect)
          continue;
        const Function *F = externalCallee(*E.Site);
        if (E.Kind == EdgeKind::OtherModule || (F && (F->getName() == "dlsym" || F->getName() == "dlvsym")))
          return true;
      }
    return false;
  }

  /// May a call through a pointer end in another module of ours, and wait there?
  bool pointsOutside(const CallBase &Call) const { return PointersFromOutside && Targets.targets(Call).MayBeExternal; }

  void findLeading() {
    std::vector<SmallVector<unsigned, 4>> Callers(G.Nodes.size());
    std::vector<unsigned> Work;
    Out.Leads.assign(G.Nodes.size(), false);
    auto Mark = [&](unsigned I) {
      if (!Runtime[I] && !Out.Leads[I]) {
        Out.Leads[I] = true;
        Work.push_back(I);
      }
    };
    bool CalledBack = false; // is there anything to call back that blocks?
    for (unsigned I = 0; I != G.Nodes.size(); ++I)
      CalledBack |= !Runtime[I] && G.Nodes[I].MayBlock && G.Nodes[I].Pointed;
    for (unsigned I = 0; I != G.Nodes.size(); ++I) {
      if (Runtime[I])
        continue;
      if (G.Nodes[I].MayBlock)
        Mark(I);
      for (const CallEdge &E : G.Nodes[I].Edges) {
        if (E.Callee != ~0u)
          Callers[E.Callee].push_back(I);
        else if (E.Kind == EdgeKind::Indirect) {
          eachTarget(*E.Site, [&](unsigned To) { Callers[To].push_back(I); });
          if (pointsOutside(*E.Site))
            Mark(I);
        } else if (CalledBack && goesOutside(E))
          Mark(I);
      }
    }
    while (!Work.empty()) {
      unsigned I = Work.back();
      Work.pop_back();
      for (unsigned Caller : Callers[I])
        Mark(Caller);
    }
  }

  void collectSites() {
    for (unsigned I = 0; I != G.Nodes.size(); ++I) {
      if (!Out.Leads[I])
        continue;
      for (const CallEdge &E : G.Nodes[I].Edges) {
        if (!E.Site)
          continue;
        ContextSite S;
        S.Call = E.Site;
        S.Caller = I;
        S.Tail = isTail(*E.Site);
        if (E.Callee != ~0u) {
          if (!matters(E.Callee))
            continue;
          S.Callee = E.Callee;
          S.Sink = blocks(E.Callee);
        } else {
          bool Matters = E.Kind != EdgeKind::Indirect ? goesOutside(E) : pointsOutside(*E.Site);
          if (E.Kind == EdgeKind::Indirect)
            eachTarget(*E.Site, [&](unsigned To) { Matters |= matters(To); });
          if (!Matters)
            continue;
          S.How = ContextSite::Turn;
        }
        Out.Sites.push_back(S);
        ByPointer.push_back(E.Kind == EdgeKind::Indirect);
      }
    }
  }

  /// Of calls through pointers that are the last of their functions, those by which functions may go on for ever.
  void findRounds() {
    std::vector<SmallVector<unsigned, 4>> Next(G.Nodes.size());
    std::vector<SmallVector<unsigned, 4>> Targets(Out.Sites.size());
    for (unsigned I = 0; I != Out.Sites.size(); ++I) {
      const ContextSite &S = Out.Sites[I];
      if (!S.Tail && !S.Call->isMustTailCall())
        continue;
      if (S.Callee != ~0u && !S.Sink)
        Next[S.Caller].push_back(S.Callee);
      else if (ByPointer[I])
        eachTarget(*S.Call, [&](unsigned To) {
          if (!Out.Leads[To])
            return;
          Next[S.Caller].push_back(To);
          Targets[I].push_back(To);
        });
    }
    unsigned Count;
    Round = components(Next, Out.Leads, Count);
    for (unsigned I = 0; I != Out.Sites.size(); ++I) {
      ContextSite &S = Out.Sites[I];
      if (S.Callee != ~0u)
        continue;
      if (S.Call->isMustTailCall() || any_of(Targets[I], [&](unsigned To) { return Round[To] == Round[S.Caller]; }))
        S.How = ContextSite::Mark;
      else
        S.Tail = false; // there will be code behind it
    }
  }

  /// Whose callees may leave the word marked.
  void findKept() {
    std::vector<bool> Marks(G.Nodes.size());
    bool Any = false;
    for (const ContextSite &S : Out.Sites)
      if (S.How == ContextSite::Mark)
        Marks[S.Caller] = Any = true;
    // Gone on to by calls with nothing behind them.
    auto Last = [&](const ContextSite &S) {
      return S.Call->isMustTailCall() || (S.How == ContextSite::Same && S.Tail && Round[S.Caller] == Round[S.Callee]);
    };
    for (bool Changed = Any; Changed;) {
      Changed = false;
      for (const ContextSite &S : Out.Sites)
        if (S.Callee != ~0u && !S.Sink && Marks[S.Callee] && !Marks[S.Caller] && Last(S))
          Marks[S.Caller] = Changed = true;
    }
    for (ContextSite &S : Out.Sites)
      if (S.How != ContextSite::Mark)
        S.Kept = S.Callee == ~0u ? Any : !S.Sink && Marks[S.Callee] && !Last(S);
  }

  void findComponents() {
    std::vector<SmallVector<unsigned, 4>> Next(G.Nodes.size());
    for (const ContextSite &S : Out.Sites)
      if (S.Callee != ~0u && !S.Sink)
        Next[S.Caller].push_back(S.Callee);
    unsigned Count;
    Component = components(Next, Out.Leads, Count);
    Members.resize(Count);
    for (unsigned I = 0; I != G.Nodes.size(); ++I)
      if (Component[I] != ~0u)
        Members[Component[I]].push_back(I);
  }

  /// A pointer's call changes nothing of the word by which function it ends in. So the offset of that one makes the number of its chain.
  /// Where calls have nothing behind them, they cannot take away what they added: such functions share an offset.
  void findOffsets() {
    Offset.assign(G.Nodes.size(), 0);
    Entries.assign(Members.size(), 0);
    std::vector<bool> Numbered(G.Nodes.size());
    IntEqClasses Shared(G.Nodes.size());
    for (ContextSite &S : Out.Sites) {
      S.Inside = S.Callee != ~0u && !S.Sink && Component[S.Caller] == Component[S.Callee];
      if (S.Inside && (S.Call->isMustTailCall() || (S.Tail && Round[S.Caller] == Round[S.Callee])))
        Shared.join(S.Caller, S.Callee);
    }
    for (unsigned C = 0; C != Members.size(); ++C)
      for (unsigned I : Members[C])
        if (unsigned Leader = Shared.findLeader(I); G.Nodes[I].Entered && !Numbered[Leader]) {
          Numbered[Leader] = true;
          Offset[Leader] = Entries[C]++;
        }
    for (unsigned I = 0; I != G.Nodes.size(); ++I)
      Offset[I] = Offset[Shared.findLeader(I)];
    for (ContextSite &S : Out.Sites)
      if (S.Inside && Offset[S.Caller] != Offset[S.Callee]) {
        S.How = ContextSite::Add;
        S.Constant = int32_t(Offset[S.Caller] - Offset[S.Callee]);
        S.Tail = false; // there will be code behind it
      }
  }

  /// A number by which a call that turns the word is known. Two calls of a module never have the same.
  uint32_t hashOf(const Function &F, unsigned Ordinal, DenseSet<uint64_t> &Taken) const {
    std::string Text = sourceName(F) + ':' + utostr(Ordinal) + SharedObject.str();
    auto Hash = uint32_t(xxh3_64bits(Text));
    while (!Taken.insert(Hash).second)
      ++Hash;
    return Hash;
  }

  /// The first site that the source does not tell apart from site I: a loop that was unrolled has several of one call.
  std::vector<unsigned> findTwins() const {
    std::vector<unsigned> Twin(Out.Sites.size());
    std::map<std::tuple<unsigned, unsigned, const DILocation *, bool>, unsigned> First;
    for (unsigned I = 0; I != Out.Sites.size(); ++I) {
      const ContextSite &S = Out.Sites[I];
      const DILocation *Place = S.Call->getDebugLoc();
      Twin[I] = Place && Place->getLine() ? First.try_emplace({S.Caller, S.Callee, Place, S.Call->isMustTailCall()}, I).first->second : I;
    }
    return Twin;
  }

  void number() {
    std::vector<unsigned> Twin = findTwins();
    // Calls through pointers have their constants from function and place.
    unsigned Ordinal = 0, Of = ~0u;
    std::vector<uint32_t> Hash(Out.Sites.size());
    DenseSet<uint64_t> Taken;
    std::vector<SmallVector<unsigned, 4>> Into(Members.size()); // sites, by component
    for (unsigned I = 0; I != Out.Sites.size(); ++I) {
      ContextSite &S = Out.Sites[I];
      if (S.Caller != Of)
        Of = S.Caller, Ordinal = 0;
      Hash[I] = hashOf(*G.Nodes[S.Caller].F, Ordinal++, Taken);
      if (Twin[I] != I)
        Hash[I] = Hash[Twin[I]];
      if (S.Callee == ~0u)
        S.Constant = Hash[I];
      else if (Twin[I] == I && !S.Sink && !S.Inside)
        Into[Component[S.Callee]].push_back(I);
    }

    // Callers first: Tarjan's order backwards.
    std::vector<uint64_t> Count(Members.size());
    for (unsigned C = Members.size(); C-- != 0;) {
      uint64_t Own = std::max<uint64_t>(Entries[C], Into[C].empty()), Sum = Own;
      for (unsigned I : Into[C])
        Sum += Count[Component[Out.Sites[I].Caller]];
      bool Again = Sum > MostChains;
      Count[C] = Again ? std::max<uint64_t>(Own, 1) : Sum;
      uint64_t Start = Entries[C];
      for (unsigned I : Into[C])
        place(Out.Sites[I], Again, Hash[I], Start, Count[Component[Out.Sites[I].Caller]]);
    }

    uint64_t Start = 1; // 0 is a thread that has not blocked yet
    for (unsigned I = 0; I != Out.Sites.size(); ++I)
      if (ContextSite &S = Out.Sites[I]; S.Sink && Twin[I] == I) {
        uint64_t Chains = Count[Component[S.Caller]];
        Out.Chains += Chains;
        place(S, Start + Chains > MostConstant, Hash[I], Start, Chains);
      }
    for (unsigned I = 0; I != Out.Sites.size(); ++I)
      if (ContextSite &S = Out.Sites[I]; Twin[I] != I && S.Callee != ~0u) {
        S.How = Out.Sites[Twin[I]].How;
        S.Constant = Out.Sites[Twin[I]].Constant;
      }
  }

  void place(ContextSite &S, bool Turned, uint32_t Hash, uint64_t &Start, uint64_t Chains) {
    if (S.Call->isMustTailCall()) {
      S.How = ContextSite::Mark; // nothing can follow it
      S.Constant = Hash;
      return;
    }
    if (Turned) {
      S.How = ContextSite::Turn;
      S.Constant = Hash;
      return;
    }
    if (uint64_t Adds = Start + Offset[S.Caller] - (S.Sink ? 0 : Offset[S.Callee])) {
      S.How = ContextSite::Add;
      S.Constant = int32_t(Adds);
    }
    Start += Chains;
  }
};

} // namespace

std::string sourceName(const Function &F) {
  if (const DISubprogram *P = F.getSubprogram(); P && !P->getName().empty())
    return P->getName().str();
  StringRef Name = F.getName().take_until([](char C) { return C == '$'; });
  // The linker numbers local functions of one name: f.12, f.llvm.345.
  size_t Dot = Name.find('.', 1);
  return Name.take_front(Dot).str();
}

ContextGraph::ContextGraph(const CallGraph &G, const IndirectTargets &Targets, StringRef SharedObject) {
  Builder(G, Targets, SharedObject, *this).run();
}

void ContextGraph::print(const CallGraph &G, raw_ostream &OS) const {
  static const char *const How[] = {"same", "add", "turn", "mark"};
  for (const ContextSite &S : Sites) {
    OS << G.Nodes[S.Caller].F->getName() << " -> ";
    if (S.Callee != ~0u)
      OS << G.Nodes[S.Callee].F->getName();
    else
      OS << "(outside)";
    OS << ' ' << How[S.How];
    if (S.How == ContextSite::Add)
      OS << ' ' << S.Constant;
    OS << (S.Sink ? " blocks" : "") << (S.Tail ? " tail" : "") << (S.Kept ? " kept" : "") << '\n';
  }
  OS << Chains << " chains\n";
}

} // namespace capriccio
