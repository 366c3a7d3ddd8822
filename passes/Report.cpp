// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One object per function with its call sites, and one with totals. Shares are left to the reader: the counts are here.
#include "Report.h"
#include "Diagnostics.h"
#include "PointsTo/PointsTo.h"
#include "Stubs.h"
#include "../tools/outputs/place.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/IR/DebugInfoMetadata.h"
#include <cstring>

using namespace llvm;

namespace capriccio {

static std::string calleeName(const CallGraph &G, const CallEdge &E) {
  if (E.Callee != ~0u)
    return G.Nodes[E.Callee].F->getName().str();
  if (!E.Site)
    return "(code generation)";
  if (const auto *F = dyn_cast<Function>(E.Site->getCalledOperand()->stripPointerCastsAndAliases())) {
    if (const Function *Real = borrowedBy(*F))
      return Real->getName().str();
    if (const Function *Real = otherModuleBehind(*F))
      return Real->getName().str();
    if (!isIndirectStub(*F))
      return F->getName().str();
  }
  return "(pointer)";
}

/// Names of files and functions are bytes, JSON is UTF-8: others become U+FFFD, as the runtime does it.
static std::string text(StringRef Bytes) { return json::fixUTF8(Bytes); }

static void reportBlocking(const CallGraph &G, const BlockingChains &Chains, json::OStream &J) {
  J.attributeBegin("blocking");
  J.arrayBegin();
  for (const BlockingPoint &P : Chains.Points) {
    J.objectBegin();
    J.attribute("function", text(G.Nodes[P.Chain.back()].F->getName()));
    J.attribute("callee", text(calleeName(G, *P.Call)));
    if (const DebugLoc &Loc = P.Call->Site->getDebugLoc()) {
      J.attribute("file", text(Loc->getFilename()));
      J.attribute("line", Loc.getLine());
    }
    J.attribute("bytes", P.Bytes);
    J.attribute("runtime_bytes", P.RuntimeBytes);
    J.attributeBegin("chain");
    J.arrayBegin();
    for (unsigned I : P.Chain)
      J.value(text(G.Nodes[I].F->getName()));
    J.arrayEnd();
    J.attributeEnd();
    J.objectEnd();
  }
  J.arrayEnd();
  J.attributeEnd();
}

std::string renderReport(const CallGraph &G, const Externals &X, const IndirectTargets &Targets,
                         const BlockingChains &Chains, const DynamicAllocas &Allocas, const ThreadLocals &Locals,
                         const SpinLoops &Spins, const Options &O) {
  uint64_t Sites = 0, Checkpoints = 0, Borrowed = 0, Blocking = 0, Borrows = 0, InPlace = 0, ExternalInPlace = 0, Indirect = 0, OtherModules = 0;
  uint64_t Cold = 0, Raised = 0;
  uint64_t Entries = 0, CheckedEntries = 0, Deepest = 0, IndirectTargetSum = 0, LargestSet = 0;
  const Function *DeepestF = nullptr;

  std::string Text;
  raw_string_ostream OS(Text);
  json::OStream J(OS, 1);
  J.objectBegin();
  J.attribute("abi", 1);
  J.attribute("max_path", O.MaxPath);
  J.attribute("inline_frame_limit", O.InlineLimit);
  J.attribute("min_chunk", O.MinChunk);
  J.attributeBegin("functions");
  J.arrayBegin();
  for (const Node &N : G.Nodes) {
    Entries += N.Entered;
    Raised += N.request() != N.Depth;
    Blocking += N.MayBlock;
    CheckedEntries += N.EntryChecked;
    if (N.Depth > Deepest) {
      Deepest = N.Depth;
      DeepestF = N.F;
    }
    J.objectBegin();
    J.attribute("name", text(N.F->getName()));
    if (const DISubprogram *SP = N.F->getSubprogram()) {
      J.attribute("file", text(SP->getFilename()));
      J.attribute("line", SP->getLine());
    }
    J.attribute("frame", N.Frame);
    if (N.AsmBytes)
      J.attribute("asm", N.AsmBytes);
    J.attribute("depth", N.Depth);
    J.attribute("may_block", N.MayBlock);
    if (unsigned Looks = Spins.Looks.lookup(N.F))
      J.attribute("spin_loops", Looks);
    J.attribute("entry", !N.Entered ? "direct calls only" : N.EntryChecked ? "checked" : "in place");
    J.attributeBegin("calls");
    J.arrayBegin();
    for (const CallEdge &E : N.Edges) {
      switch (E.Kind) {
      case EdgeKind::Direct: ++InPlace; break;
      case EdgeKind::Checkpoint: ++Checkpoints; break;
      case EdgeKind::Borrow: ++Borrowed; break;
      case EdgeKind::ExternalBorrow: ++Borrows; break;
      case EdgeKind::ExternalInPlace: ExternalInPlace += E.Site != nullptr; break;
      case EdgeKind::Indirect: ++Indirect; break;
      case EdgeKind::OtherModule: ++OtherModules; break;
      }
      Sites += E.Site != nullptr;
      Cold += E.Cold && E.Kind != EdgeKind::Direct;
      J.objectBegin();
      std::string Callee = calleeName(G, E);
      J.attribute("callee", text(Callee));
      if (E.Site && E.Site->getDebugLoc())
        J.attribute("line", E.Site->getDebugLoc()->getLine());
      J.attribute("decision", kindName(E.Kind));
      bool External = E.Kind == EdgeKind::ExternalBorrow || E.Kind == EdgeKind::ExternalInPlace;
      J.attribute("why", External ? text(X.reason(Callee)) : text(E.Why));
      if (E.Kind == EdgeKind::Checkpoint)
        J.attribute("need", G.Nodes[E.Callee].request());
      if (E.Kind == EdgeKind::Indirect) {
        size_t Count = Targets.targets(*E.Site).Functions.size();
        IndirectTargetSum += Count;
        LargestSet = std::max<uint64_t>(LargestSet, Count);
        J.attribute("targets", Count);
      }
      J.objectEnd();
    }
    J.arrayEnd();
    J.attributeEnd();
    J.objectEnd();
  }
  J.arrayEnd();
  J.attributeEnd();
  reportBlocking(G, Chains, J);
  J.attributeBegin("totals");
  J.objectBegin();
  J.attribute("functions", uint64_t(G.Nodes.size()));
  J.attribute("functions_that_may_block", Blocking);
  J.attribute("call_sites", Sites);
  J.attribute("in_place", InPlace);
  J.attribute("checkpoints", Checkpoints);
  J.attribute("borrowed", Borrowed);
  J.attribute("external_switches", Borrows);
  J.attribute("external_in_place", ExternalInPlace);
  J.attribute("indirect", Indirect);
  J.attribute("other_modules", OtherModules);
  J.attribute("indirect_targets_total", IndirectTargetSum);
  J.attribute("indirect_targets_largest", LargestSet);
  if (const PointsToStatistics *S = Targets.pointsTo()) {
    J.attributeBegin("points_to");
    J.objectBegin();
    J.attribute("sites", S->Sites);
    J.attribute("resolved", S->Resolved);
    J.attribute("external", S->External);
    J.attribute("no_target", S->NoTarget);
    J.attribute("dead", S->Dead);
    J.attribute("average_set", S->AverageSet);
    J.attribute("largest_set", S->LargestSet);
    J.attribute("average_set_by_signature", S->SignatureAverage);
    J.attribute("largest_set_by_signature", S->SignatureLargest);
    J.attribute("widened_objects", S->Widened);
    J.attribute("clones", S->Clones);
    J.attribute("calls_without_clone", S->Uncloned);
    J.attribute("seconds", S->Seconds);
    J.attribute("bytes", S->PeakBytes);
    J.attribute("gave_up", S->GaveUp);
    J.objectEnd();
    J.attributeEnd();
  }
  if (!O.ProfileFile.empty()) {
    J.attribute("edges_cold", Cold);
    J.attribute("requests_raised", Raised);
  }
  J.attribute("entries", Entries);
  J.attribute("entries_checked", CheckedEntries);
  J.attribute("spin_loops", uint64_t(Spins.Total));
  J.attribute("dynamic_allocas", uint64_t(Allocas.Sites));
  J.attribute("thread_local_variables", uint64_t(Locals.Variables));
  J.attribute("thread_local_bytes", Locals.Bytes);
  J.attribute("blocking_points", uint64_t(Chains.Points.size()));
  J.attribute("blocking_bytes_total", Chains.sum());
  J.attribute("blocking_bytes_largest", Chains.largest());
  J.attribute("deepest_path", Deepest);
  J.attribute("deepest_path_function", DeepestF ? DeepestF->getName() : StringRef());
  J.objectEnd();
  J.attributeEnd();
  J.objectEnd();
  OS << '\n';
  return Text;
}

void writeReport(const std::string &Text, const Options &O) {
  if (O.ReportFile.empty())
    return;
  if (int Why = place_bytes(O.ReportFile.c_str(), Text.data(), Text.size()))
    fail(Twine(O.ReportFile) + ": cannot write the report: " + strerror(-Why));
}

} // namespace capriccio
