// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Depth-first search without recursion (a call graph may be deep), edges in module order. When a node is finished all nodes
// that it reaches over forward edges are finished too, so the bottom-up step runs in the same order.
//
// What an edge adds to its caller's depth, below the caller's frame:
//   in place     8 + depth(callee)
//   checkpoint   8 + what the slow path pushes on the caller's chunk, which the reserve below the limit holds: 8
//   external     8 + bound, or what the borrow pushes
#include "Placement.h"
#include "RuntimeABI.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;

namespace capriccio {

namespace {
enum Colour : uint8_t { White, Grey, Black };

/// Nodes in the order in which the search leaves them: callees first, but for back edges, which it marks.
std::vector<unsigned> postOrder(CallGraph &G) {
  std::vector<unsigned> Order;
  std::vector<Colour> State(G.Nodes.size(), White);
  std::vector<std::pair<unsigned, size_t>> Stack;

  auto Search = [&](unsigned Root) {
    if (State[Root] != White)
      return;
    State[Root] = Grey;
    Stack.push_back({Root, 0});
    while (!Stack.empty()) {
      unsigned At = Stack.back().first;
      std::vector<CallEdge> &Edges = G.Nodes[At].Edges;
      if (Stack.back().second == Edges.size()) {
        State[At] = Black;
        Order.push_back(At);
        Stack.pop_back();
        continue;
      }
      CallEdge &E = Edges[Stack.back().second++];
      if (E.Kind != EdgeKind::Direct)
        continue;
      if (State[E.Callee] == Grey)
        E.Back = true;
      else if (State[E.Callee] == White) {
        State[E.Callee] = Grey;
        Stack.push_back({E.Callee, 0});
      }
    }
  };

  // Entered functions first: where the search enters a cycle decides which edge closes it, and a cycle is best cut where
  // control comes back to its head.
  for (unsigned I = 0; I != G.Nodes.size(); ++I)
    if (G.Nodes[I].Entered)
      Search(I);
  for (unsigned I = 0; I != G.Nodes.size(); ++I)
    Search(I);
  return Order;
}
} // namespace

void place(CallGraph &G, uint64_t MaxPath, uint64_t EntryInPlace) {
  for (unsigned At : postOrder(G)) {
    Node &N = G.Nodes[At];
    uint64_t Own = N.Frame + N.AsmBytes;
    uint64_t Deepest = 0;
    for (CallEdge &E : N.Edges) {
      uint64_t Below;
      if (E.Kind != EdgeKind::Direct) {
        Below = abi::ReturnAddress + E.Bytes;
      } else {
        const Node &Target = G.Nodes[E.Callee];
        uint64_t InPlace = abi::ReturnAddress + Target.Depth;
        bool Leaves = N.MayBlock && !Target.MayBlock && Target.Depth <= BigDepth;
        if (E.Back) {
          E.Kind = EdgeKind::Checkpoint;
          E.Why = "closes a cycle";
        } else if (Target.Apart) {
          E.Kind = EdgeKind::Checkpoint;
          E.Why = "CAPR_CHECKPOINT";
        } else if (Leaves && Target.Recurses) {
          E.Kind = EdgeKind::Borrow;
          E.Why = "never blocks, recurses";
        } else if (Own + InPlace > (N.MayBlock ? MaxPath : std::max(MaxPath, BigPath))) {
          E.Kind = Leaves ? EdgeKind::Borrow : EdgeKind::Checkpoint;
          E.Why = Leaves ? "never blocks, path over MaxPath" : "path over MaxPath";
        } else {
          E.Why = "in place";
          N.Recurses |= Target.Recurses;
        }
        N.Recurses |= E.Kind == EdgeKind::Checkpoint;
        Below = E.Kind == EdgeKind::Checkpoint ? abi::ReturnAddress
                : E.Kind == EdgeKind::Borrow   ? abi::ReturnAddress + 16
                                               : InPlace;
      }
      Deepest = std::max(Deepest, Below);
    }
    N.Depth = Own + Deepest;
    N.EntryChecked = N.Entered && N.Depth > EntryInPlace;
  }
}

void printPlacement(const CallGraph &G, raw_ostream &OS) {
  for (const Node &N : G.Nodes) {
    OS << N.F->getName() << " frame=" << N.Frame << " depth=" << N.Depth
       << (N.Entered ? N.EntryChecked ? " entry=checked" : " entry=in-place" : "") << '\n';
    for (const CallEdge &E : N.Edges) {
      OS << "  " << kindName(E.Kind);
      if (E.Callee != ~0u)
        OS << ' ' << G.Nodes[E.Callee].F->getName();
      OS << ": " << E.Why << '\n';
    }
  }
}

} // namespace capriccio
