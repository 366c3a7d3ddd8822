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
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;

namespace capriccio {

namespace {
/// What a borrow pushes below the caller's frame, with the return address.
constexpr uint64_t BelowBorrow = abi::ReturnAddress + 16;

/// A check inside a function runs whoever calls, so it has to spare more callers than this theirs.
constexpr size_t MinSpared = 4;

/// What a borrow costs, in checks: 17 instructions and a change of stacks against 3.
constexpr double BorrowInChecks = 6;

/// Checks that may run inside a function for each of its calls to spare it the one at its entry.
constexpr double RareEnough = 0.75;

/// Edges that may be cut for that: each takes a place in a stub of its callee's that others may share.
constexpr size_t MostCuts = 8;

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

/// Whether a cut edge to it borrows rather than checks.
bool leaves(const Node &Target) { return !Target.MayBlock && Target.Depth <= BigDepth; }

/// What the frames of a node's callers take, largest first: of those whose threads pay for a path, and of those that pointers
/// reach.
struct CallerFrames {
  std::vector<uint64_t> Blocking, Pointed;
};

std::vector<CallerFrames> callerFrames(const CallGraph &G) {
  std::vector<CallerFrames> Callers(G.Nodes.size());
  for (const Node &N : G.Nodes)
    for (const CallEdge &E : N.Edges) {
      if (E.Kind != EdgeKind::Direct || E.Back || G.Nodes[E.Callee].Apart)
        continue;
      if (N.MayBlock)
        Callers[E.Callee].Blocking.push_back(N.Frame + N.AsmBytes);
      if (N.Pointed)
        Callers[E.Callee].Pointed.push_back(N.Frame + N.AsmBytes);
    }
  for (CallerFrames &C : Callers) {
    llvm::sort(C.Blocking, std::greater<>());
    llvm::sort(C.Pointed, std::greater<>());
  }
  return Callers;
}

/// What an edge costs once it is cut, in checks for each call of its caller.
double checksFor(const CallGraph &G, const CallEdge &E) {
  const Node &Target = G.Nodes[E.Callee];
  return E.Often * (leaves(Target) ? BorrowInChecks : 1);
}

/// How many of the callers have no room in `Budget` for a callee of this depth. `Frames` is sorted.
size_t over(const std::vector<uint64_t> &Frames, uint64_t Depth, uint64_t Budget) {
  return llvm::partition_point(Frames, [&](uint64_t Frame) { return Frame + abi::ReturnAddress + Depth > Budget; }) - Frames.begin();
}

/// An edge that runs in place, and what it adds to its caller's depth.
struct InPlaceEdge {
  CallEdge *E;
  uint64_t Below;
};

/// A function just short of MaxPath that is called from everywhere (one that logs) costs a check at each call, unless it checks
/// itself, on its way to what makes it deep (in httpd ap_log_rerror_ had half of all checkpoints). In the same way one that is
/// called by many functions that pointers reach (SQLite's malloc) costs each of these a check at its entry. Takes the edges of a
/// node in place, the deepest first, what its other edges need, and its callers; returns how many to cut.
size_t cutsThatSpareCallers(const CallGraph &G, const std::vector<InPlaceEdge> &Edges, uint64_t Own, uint64_t Others,
                            const CallerFrames &Callers, uint64_t MaxPath, uint64_t EntryInPlace) {
  auto Depth = [&](size_t Cut) {
    uint64_t Rest = Cut < Edges.size() ? Edges[Cut].Below : 0;
    uint64_t Cutting = Cut ? BelowBorrow : 0;
    return Own + std::max({Others, Rest, Cutting});
  };
  size_t EntriesBefore = over(Callers.Pointed, Depth(0), EntryInPlace);
  size_t Before = over(Callers.Blocking, Depth(0), MaxPath) + EntriesBefore, Best = 0, BestCost = Before;
  double Ran = 0; // checks for each call of the node, with the edges that are cut
  for (size_t Cut = 1; Cut <= Edges.size() && Cut * MinSpared < Before; ++Cut) {
    Ran += checksFor(G, *Edges[Cut - 1].E);
    // An entry's check is spared only where fewer run inside.
    size_t Entries = Ran < RareEnough ? over(Callers.Pointed, Depth(Cut), EntryInPlace) : EntriesBefore;
    size_t Cost = over(Callers.Blocking, Depth(Cut), MaxPath) + Entries + Cut * MinSpared;
    if (Cost < BestCost)
      Best = Cut, BestCost = Cost;
  }
  return Best;
}

/// A function that pointers reach needs no check at its entry, and no stub, if what it calls on rare paths checks instead. Takes
/// the edges of a node in place, the deepest first, and what its other edges need; returns how many to cut.
size_t cutsThatSpareEntry(const CallGraph &G, const std::vector<InPlaceEdge> &Edges, uint64_t Own, uint64_t Others,
                          uint64_t EntryInPlace) {
  size_t Cut = 0;
  double Ran = 0;
  for (; Cut < Edges.size() && Own + Edges[Cut].Below > EntryInPlace; ++Cut)
    Ran += checksFor(G, *Edges[Cut].E);
  return Own + std::max(Others, BelowBorrow) <= EntryInPlace && Ran < RareEnough && Cut <= MostCuts ? Cut : 0;
}
} // namespace

void place(CallGraph &G, uint64_t MaxPath, uint64_t EntryInPlace) {
  std::vector<unsigned> Order = postOrder(G);
  std::vector<CallerFrames> Callers = callerFrames(G);
  for (unsigned At : Order) {
    Node &N = G.Nodes[At];
    uint64_t Own = N.Frame + N.AsmBytes;
    uint64_t Deepest = 0;
    std::vector<InPlaceEdge> InPlaceEdges;
    for (CallEdge &E : N.Edges) {
      uint64_t Below;
      if (E.Kind != EdgeKind::Direct) {
        Below = abi::ReturnAddress + E.Bytes;
      } else {
        const Node &Target = G.Nodes[E.Callee];
        uint64_t InPlace = abi::ReturnAddress + Target.Depth;
        bool Leaves = N.MayBlock && leaves(Target);
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
          InPlaceEdges.push_back({&E, InPlace});
          continue;
        }
        N.Recurses |= E.Kind == EdgeKind::Checkpoint;
        Below = E.Kind == EdgeKind::Checkpoint ? abi::ReturnAddress : BelowBorrow;
      }
      Deepest = std::max(Deepest, Below);
    }
    llvm::sort(InPlaceEdges, [](const InPlaceEdge &A, const InPlaceEdge &B) {
      return A.Below != B.Below ? A.Below > B.Below : A.E < B.E;
    });
    size_t Cuts = cutsThatSpareCallers(G, InPlaceEdges, Own, Deepest, Callers[At], N.MayBlock ? MaxPath : BigPath, EntryInPlace);
    if (N.Pointed)
      Cuts = std::max(Cuts, cutsThatSpareEntry(G, InPlaceEdges, Own, Deepest, EntryInPlace));
    for (size_t I = 0; I != InPlaceEdges.size(); ++I) {
      CallEdge &E = *InPlaceEdges[I].E;
      const Node &Target = G.Nodes[E.Callee];
      if (I < Cuts) {
        bool Leaves = leaves(Target);
        E.Kind = Leaves ? EdgeKind::Borrow : EdgeKind::Checkpoint;
        E.Why = Leaves ? "never blocks, spares callers a check" : "spares callers a check";
        N.Recurses |= !Leaves;
        Deepest = std::max(Deepest, Leaves ? BelowBorrow : abi::ReturnAddress);
      } else {
        N.Recurses |= Target.Recurses;
        Deepest = std::max(Deepest, InPlaceEdges[I].Below);
      }
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
