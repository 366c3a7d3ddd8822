// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Runs the solver and turns what it found at each site into a set of targets: the functions that the pointer holds, and,
// where it may come from External, those that External can know too. Every set is then met with what the calling convention
// lets through. If the solver had to give up, each site gets its signature's set, and the statistics say so.
#include "PointsTo.h"
#include "../CallGraph.h"
#include "FunctionFlow.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/ValueMap.h"
#include <chrono>

using namespace llvm;

namespace capriccio {
namespace {

class Results : public PointsToTargets {
  struct Entry {
    TargetSet Set;
    SiteKind Kind = SiteKind::Unknown;
  };
  // Follows a site that the pass replaces by another call, and forgets one that it erases.
  ValueMap<const CallBase *, Entry> Sites;
  std::unique_ptr<IndirectTargets> Signature;
  PointsToStatistics Stats;

  void summarise(const Module &M, const Options &O, pointsto::Solver &S, const pointsto::FunctionFlow *Flow);

public:
  Results(const Module &M, const Options &O);
  TargetSet targets(const CallBase &Site) const override {
    auto It = Sites.find(&Site);
    return It == Sites.end() ? Signature->targets(Site) : It->second.Set;
  }
  SiteKind kind(const CallBase &Site) const override {
    auto It = Sites.find(&Site);
    return It == Sites.end() ? SiteKind::Unknown : It->second.Kind;
  }
  const PointsToStatistics &statistics() const override { return Stats; }
  const PointsToStatistics *pointsTo() const override { return &Stats; }
};

Results::Results(const Module &M, const Options &O) : Signature(targetsBySignature(M)) {
  auto Start = std::chrono::steady_clock::now();
  pointsto::Solver S(M, pointsto::Limits());
  bool Solved = S.run();
  if (!Solved)
    Stats.GaveUp = S.gaveUp();
  std::optional<pointsto::FunctionFlow> Flow;
  if (Solved) {
    Flow.emplace(S);
    Flow->run();
  }
  summarise(M, O, S, Solved ? &*Flow : nullptr);
  pointsto::Solver::Counts C = S.counts();
  Stats.Nodes = C.Nodes;
  Stats.Edges = C.Edges;
  Stats.Objects = C.Objects;
  Stats.Cells = C.Cells;
  Stats.Instances = C.Instances;
  Stats.Clones = C.Clones;
  Stats.Merges = C.Merges;
  Stats.Uncloned = C.Uncloned;
  Stats.Widened = C.Widened;
  Stats.Rounds = C.Rounds;
  Stats.Steps = C.Steps;
  Stats.PeakBytes = C.PeakBytes;
  Stats.Seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - Start).count();
}

void Results::summarise(const Module &M, const Options &O, pointsto::Solver &S, const pointsto::FunctionFlow *Flow) {
  DenseMap<const CallBase *, pointsto::Solver::Answer> Answers;
  DenseMap<const CallBase *, pointsto::FunctionFlow::Answer> Followed;
  DenseSet<const Function *> Given;
  const bool Solved = Flow;
  if (Solved) {
    Answers = S.answers();
    Followed = Flow->answers();
    for (const Function *F : S.givenFunctions())
      Given.insert(F);
  }
  uint64_t Sum = 0, WithTargets = 0, SignatureSum = 0;
  for (const Function &F : M) {
    if (F.isDeclarationForLinker())
      continue;
    for (const Instruction &I : instructions(F)) {
      const auto *Site = dyn_cast<CallBase>(&I);
      if (!Site || Site->isInlineAsm() || isa<Function>(Site->getCalledOperand()->stripPointerCastsAndAliases()))
        continue;
      ++Stats.Sites;
      Entry E;
      TargetSet BySignature = Signature->targets(*Site);
      if (!Solved) {
        E.Set = BySignature;
        E.Kind = SiteKind::External;
      } else if (auto It = Answers.find(Site); It == Answers.end()) {
        E.Set.MayBeExternal = false;
        E.Kind = SiteKind::Dead;
      } else {
        pointsto::Solver::Answer &A = It->second;
        E.Set.MayBeExternal = A.External;
        for (const Function *Target : A.Functions)
          if (Target->isDeclarationForLinker())
            E.Set.MayBeExternal = true;
        if (A.External)
          for (const Function *Target : BySignature.Functions)
            if (Given.contains(Target) && (!O.StrictCalls || pointsto::sameType(*Target, *Site)))
              A.Functions.insert(Target);
        for (const Function *Target : A.Functions)
          if (isOpaque(*Target))
            E.Set.MayBeExternal = true;
        E.Set.StaysInside = !E.Set.MayBeExternal && !A.Functions.empty() &&
                            none_of(A.Functions, [](const Function *Target) { return Target->isVarArg(); });
        const pointsto::FunctionFlow::Answer &Seen = Followed[Site];
        auto Expected = [&](const Function *Target) {
          return Seen.Certain.contains(Target) ||
                 ((Seen.Possible.contains(Target) || (Seen.Outside && Flow->handedOut().contains(Target))) &&
                  pointsto::sameType(*Target, *Site));
        };
        for (const Function *Target : A.Functions)
          if (!isOpaque(*Target) && Expected(Target))
            E.Set.Functions.push_back(const_cast<Function *>(Target));
        if (Seen.Exported)
          for (Function *Target : BySignature.Functions)
            if (Flow->exported().contains(Target) && pointsto::sameType(*Target, *Site) && !is_contained(E.Set.Functions, Target))
              E.Set.Functions.push_back(Target);
        if (E.Set.Functions.empty() && !E.Set.MayBeExternal)
          for (const Function *Target : A.Functions)
            E.Set.Functions.push_back(const_cast<Function *>(Target));
        // In the module's order, which the solver's is not.
        llvm::sort(E.Set.Functions, [](const Function *A, const Function *B) { return A->getName() < B->getName(); });
        E.Kind = E.Set.MayBeExternal          ? SiteKind::External
                 : E.Set.Functions.empty() ? SiteKind::NoTarget
                                              : SiteKind::Resolved;
      }
      switch (E.Kind) {
      case SiteKind::External: ++Stats.External; break;
      case SiteKind::Resolved: ++Stats.Resolved; break;
      case SiteKind::NoTarget: ++Stats.NoTarget; break;
      case SiteKind::Dead: ++Stats.Dead; break;
      case SiteKind::Unknown: break;
      }
      if (E.Kind == SiteKind::NoTarget) {
        // A pointer that came in pieces or as text, which are not followed, looks like one that is always null: be wide.
        E.Set = BySignature;
      } else if (size_t N = E.Set.Functions.size()) {
        ++WithTargets;
        Sum += N;
        Stats.LargestSet = std::max<uint64_t>(Stats.LargestSet, N);
        SignatureSum += BySignature.Functions.size();
        Stats.SignatureLargest = std::max<uint64_t>(Stats.SignatureLargest, BySignature.Functions.size());
      }
      Sites.insert({Site, std::move(E)});
    }
  }
  if (WithTargets) {
    Stats.AverageSet = double(Sum) / WithTargets;
    Stats.SignatureAverage = double(SignatureSum) / WithTargets;
  }
}

} // namespace

std::unique_ptr<PointsToTargets> targetsByPointsTo(const Module &M, const Options &O) {
  return std::make_unique<Results>(M, O);
}

} // namespace capriccio
