// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// `opt -passes=capriccio-pointsto-print`: one line for each indirect call with what it may reach, then the totals, on standard
// error. For tests and for people; the link itself does not run it.
#include "PrintPass.h"
#include "PointsTo.h"
#include "llvm/IR/DebugInfoMetadata.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;

namespace capriccio {

static const char *describe(SiteKind Kind) {
  switch (Kind) {
  case SiteKind::Resolved:
    return "external no";
  case SiteKind::External:
    return "external yes";
  case SiteKind::NoTarget:
    return "no target: null or uninitialised pointer";
  case SiteKind::Dead:
    return "no target: never reached";
  case SiteKind::Unknown:
    break;
  }
  return "not analysed";
}

PreservedAnalyses PointsToPrintPass::run(Module &M, ModuleAnalysisManager &) {
  std::unique_ptr<PointsToTargets> Targets = targetsByPointsTo(M, readOptions());
  raw_ostream &OS = errs();
  for (const Function &F : M)
    for (const Instruction &I : instructions(F)) {
      const auto *Site = dyn_cast<CallBase>(&I);
      if (!Site || Targets->kind(*Site) == SiteKind::Unknown)
        continue;
      OS << F.getName();
      if (const DebugLoc &At = Site->getDebugLoc()) {
        OS << ':' << At.getLine();
        for (const DILocation *In = At->getInlinedAt(); In; In = In->getInlinedAt())
          OS << '@' << In->getLine();
      }
      OS << ':';
      for (const Function *Target : Targets->targets(*Site).Functions)
        OS << ' ' << Target->getName();
      OS << "; " << describe(Targets->kind(*Site)) << '\n';
    }
  const PointsToStatistics &S = Targets->statistics();
  OS << "sites " << S.Sites << " resolved " << S.Resolved << " external " << S.External << " no-target " << S.NoTarget
     << " dead " << S.Dead << '\n';
  OS << "sets average " << format("%.2f", S.AverageSet) << " largest " << S.LargestSet << "; by signature average "
     << format("%.2f", S.SignatureAverage) << " largest " << S.SignatureLargest << '\n';
  OS << "graph nodes " << S.Nodes << " edges " << S.Edges << " objects " << S.Objects << " cells " << S.Cells
     << " instances " << S.Instances << " clones " << S.Clones << " merges " << S.Merges << " rounds " << S.Rounds
     << " steps " << S.Steps << " uncloned " << S.Uncloned << " widened " << S.Widened << '\n';
  OS << "seconds " << format("%.2f", S.Seconds) << " bytes " << S.PeakBytes << '\n';
  if (!S.GaveUp.empty())
    OS << "gave up: " << S.GaveUp << '\n';
  return PreservedAnalyses::all();
}

} // namespace capriccio
