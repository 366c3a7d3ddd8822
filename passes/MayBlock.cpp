// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reachability backwards from the one function through which every thread gives way, over direct edges and the target sets of
// indirect calls. What another module of ours does is not known here, so a call there counts; so does, in a shared object, a
// call through a pointer, which may be the program's. Linear in the edges: callers are collected once, then a work list.
#include "MayBlock.h"
#include "RuntimeABI.h"

using namespace llvm;

namespace capriccio {

void findMayBlock(CallGraph &G, const IndirectTargets &Targets, bool Shared) {
  std::vector<SmallVector<unsigned, 4>> Callers(G.Nodes.size());
  std::vector<unsigned> Work;
  auto Mark = [&](unsigned I) {
    if (!G.Nodes[I].MayBlock) {
      G.Nodes[I].MayBlock = true;
      Work.push_back(I);
    }
  };

  for (unsigned I = 0; I != G.Nodes.size(); ++I)
    for (const CallEdge &E : G.Nodes[I].Edges) {
      if (E.Callee != ~0u) {
        Callers[E.Callee].push_back(I);
      } else if (E.Kind == EdgeKind::OtherModule) {
        Mark(I);
      } else if (E.Kind == EdgeKind::Indirect) {
        if (Shared)
          Mark(I);
        for (const Function *F : Targets.targets(*E.Site).Functions)
          if (auto It = G.Index.find(F); It != G.Index.end())
            Callers[It->second].push_back(I);
      } else if (E.Site) {
        const auto *F = dyn_cast<Function>(E.Site->getCalledOperand()->stripPointerCastsAndAliases());
        if (F && F->getName() == abi::Switch)
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

} // namespace capriccio
