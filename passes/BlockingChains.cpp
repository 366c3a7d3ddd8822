// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A depth-first search over functions that may block, without edges that close a cycle, leaves an acyclic graph; one sweep over it,
// callers first, gives each function the deepest way to it. Frames lie on several chunks where a checkpoint stands on the way, so
// the sum is what the thread holds, not what one chunk has to hold.
#include "BlockingChains.h"
#include "RuntimeABI.h"
#include "RuntimeFunctions.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/IR/DebugInfoMetadata.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;

namespace capriccio {
namespace {

/// The nodes that each node leads to, within one room (program or runtime), over calls that may block.
using Successors = std::vector<SmallVector<unsigned, 4>>;

/// Callers before callees, and edges that close a cycle removed.
std::vector<unsigned> order(Successors &Next, const std::vector<unsigned> &Roots) {
  enum Colour : uint8_t { White, Grey, Black };
  std::vector<Colour> State(Next.size(), White);
  std::vector<unsigned> Order;
  std::vector<std::pair<unsigned, unsigned>> Stack;
  for (unsigned Root : Roots) {
    if (State[Root] != White)
      continue;
    State[Root] = Grey;
    Stack.push_back({Root, 0});
    while (!Stack.empty()) {
      auto &[At, I] = Stack.back();
      if (I == Next[At].size()) {
        State[At] = Black;
        Order.push_back(At);
        Stack.pop_back();
        continue;
      }
      unsigned To = Next[At][I];
      if (State[To] == Grey) {
        Next[At].erase(Next[At].begin() + I);
        continue;
      }
      ++I;
      if (State[To] == White) {
        State[To] = Grey;
        Stack.push_back({To, 0});
      }
    }
  }
  std::reverse(Order.begin(), Order.end());
  return Order;
}

uint64_t frame(const Node &N) { return N.Frame + N.AsmBytes; }

/// Bytes below the return address of each runtime function until the switch.
std::vector<uint64_t> runtimeBytes(const CallGraph &G, const BlockingChains &B) {
  Successors Next(G.Nodes.size());
  std::vector<unsigned> Roots;
  std::vector<uint64_t> Bytes(G.Nodes.size());
  for (unsigned I = 0; I != G.Nodes.size(); ++I) {
    if (!B.Runtime[I] || !B.Blocks[I])
      continue;
    Roots.push_back(I);
    for (const CallEdge &E : G.Nodes[I].Edges) {
      if (E.Callee != ~0u && B.Runtime[E.Callee] && B.Blocks[E.Callee])
        Next[I].push_back(E.Callee);
      else if (E.Site && E.Site->getCalledFunction() && E.Site->getCalledFunction()->getName() == abi::Switch)
        Bytes[I] = frame(G.Nodes[I]) + abi::ReturnAddress + E.Bytes;
    }
  }
  std::vector<unsigned> Order = order(Next, Roots);
  for (auto I = Order.rbegin(); I != Order.rend(); ++I)
    for (unsigned To : Next[*I])
      Bytes[*I] = std::max(Bytes[*I], frame(G.Nodes[*I]) + abi::ReturnAddress + Bytes[To]);
  return Bytes;
}

} // namespace

BlockingChains::BlockingChains(const CallGraph &G, const IndirectTargets &Targets, bool ThroughPointers)
    : Runtime(findRuntimeFunctions(G)), Blocks(G.Nodes.size()) {
  for (unsigned I = 0; I != G.Nodes.size(); ++I)
    Blocks[I] = G.Nodes[I].MayBlock;

  Successors Next(G.Nodes.size());
  std::vector<unsigned> Roots;
  for (unsigned I = 0; I != G.Nodes.size(); ++I) {
    if (Runtime[I] || !Blocks[I])
      continue;
    if (G.Nodes[I].Entered)
      Roots.push_back(I);
    auto Follow = [&](unsigned To) {
      if (!Runtime[To] && Blocks[To])
        Next[I].push_back(To);
    };
    for (const CallEdge &E : G.Nodes[I].Edges) {
      if (E.Callee != ~0u)
        Follow(E.Callee);
      else if (E.Kind == EdgeKind::Indirect && ThroughPointers)
        for (const Function *F : Targets.targets(*E.Site).Functions)
          if (auto It = G.Index.find(F); It != G.Index.end())
            Follow(It->second);
    }
  }

  constexpr unsigned None = ~0u;
  std::vector<uint64_t> Held(G.Nodes.size());
  std::vector<unsigned> From(G.Nodes.size(), None);
  std::vector<unsigned> Order = order(Next, Roots);
  for (unsigned I : Order) {
    Held[I] += frame(G.Nodes[I]); // what lies above it was put there by its callers
    for (unsigned To : Next[I])
      if (Held[I] + abi::ReturnAddress > Held[To]) {
        Held[To] = Held[I] + abi::ReturnAddress;
        From[To] = I;
      }
  }

  std::vector<uint64_t> Below = runtimeBytes(G, *this);
  for (unsigned I : Order)
    for (const CallEdge &E : G.Nodes[I].Edges) {
      if (E.Callee == ~0u || !Runtime[E.Callee] || !Blocks[E.Callee])
        continue;
      BlockingPoint P;
      P.Call = &E;
      P.Bytes = Held[I] + abi::ReturnAddress;
      P.RuntimeBytes = Below[E.Callee];
      for (unsigned At = I; At != None; At = From[At])
        P.Chain.push_back(At);
      std::reverse(P.Chain.begin(), P.Chain.end());
      Points.push_back(std::move(P));
    }
  llvm::sort(Points, [](const BlockingPoint &A, const BlockingPoint &B) {
    if (A.Bytes + A.RuntimeBytes != B.Bytes + B.RuntimeBytes)
      return A.Bytes + A.RuntimeBytes > B.Bytes + B.RuntimeBytes;
    return A.Chain != B.Chain ? A.Chain < B.Chain : A.Call < B.Call; // equal chains end in one node, whose edges lie in order
  });
}

uint64_t BlockingChains::sum() const {
  uint64_t Sum = 0;
  for (const BlockingPoint &P : Points)
    Sum += P.Bytes + P.RuntimeBytes;
  return Sum;
}

void BlockingChains::print(const CallGraph &G, raw_ostream &OS) const {
  for (const BlockingPoint &P : Points) {
    OS << P.Bytes + P.RuntimeBytes << " bytes while " << G.Nodes[P.Call->Callee].F->getName() << " blocks";
    if (const DebugLoc &Loc = P.Call->Site->getDebugLoc())
      OS << " (" << Loc->getFilename() << ':' << Loc.getLine() << ')';
    OS << ':';
    const char *Before = " ";
    for (unsigned I : P.Chain) {
      OS << Before << G.Nodes[I].F->getName() << ' ' << frame(G.Nodes[I]);
      Before = ", ";
    }
    OS << ", runtime " << P.RuntimeBytes << '\n';
  }
}

} // namespace capriccio
