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

/// Edges that may be cut for that. More gain nothing that was seen (SQLite), and are more sites with a check (httpd).
constexpr size_t MostCuts = 2;

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

/// What the frames of each node's callers take, of those whose threads pay for the path: largest first.
std::vector<std::vector<uint64_t>> callerFrames(const CallGraph &G) {
  std::vector<std::vector<uint64_t>> Callers(G.Nodes.size());
  for (const Node &N : G.Nodes)
    if (N.MayBlock)
      for (const CallEdge &E : N.Edges)
        if (E.Kind == EdgeKind::Direct && !E.Back && !G.Nodes[E.Callee].Apart)
          Callers[E.Callee].push_back(N.Frame + N.AsmBytes);
  for (std::vector<uint64_t> &C : Callers)
    llvm::sort(C, std::greater<>());
  return Callers;
}

/// What an edge costs once it is cut, in checks for each call of its caller.
double checksFor(const CallGraph &G, const CallEdge &E) {
  const Node &Target = G.Nodes[E.Callee];
  return E.Often * (leaves(Target) ? BorrowInChecks : 1);
}

/// Bytes that a check on a call which a profile never saw has to spare those who ask for its caller; less would not often be another chunk.
constexpr uint64_t ColdGain = 64;

/// An edge that runs in place, and what it adds to its caller's depth.
struct InPlaceEdge {
  CallEdge *E;
  uint64_t Below;
};

/// A function just short of MaxPath that is called from everywhere (one that logs) costs a check at each call, unless it checks
/// itself, on its way to what makes it deep (in httpd ap_log_rerror_ had half of all checkpoints). Takes the edges of a node in
/// place, the deepest first, what its other edges need, and callerFrames; returns how many to cut.
size_t cutsThatSpareCallers(const std::vector<InPlaceEdge> &Edges, uint64_t Own, uint64_t Others, const std::vector<uint64_t> &Callers,
                            uint64_t MaxPath) {
  auto Checked = [&](size_t Cut) {
    uint64_t Rest = Cut < Edges.size() ? Edges[Cut].Below : 0;
    uint64_t Cutting = Cut ? BelowBorrow : 0;
    uint64_t Depth = Own + std::max({Others, Rest, Cutting});
    return size_t(llvm::partition_point(Callers, [&](uint64_t Frame) { return Frame + abi::ReturnAddress + Depth > MaxPath; }) -
                  Callers.begin());
  };
  size_t Before = Checked(0), Best = 0, BestCost = Before;
  for (size_t Cut = 1; Cut <= Edges.size() && Cut * MinSpared < Before; ++Cut) {
    size_t Cost = Checked(Cut) + Cut * MinSpared;
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
/// How many edges to cut so that only calls that a profile saw count. Takes the edges of a node in place, the deepest first, and what
/// its other edges need. Cuts where the first edge that was seen, and what stays, is much shorter.
size_t cutsOfCold(const std::vector<InPlaceEdge> &Edges, uint64_t Others) {
  size_t Cold = 0;
  while (Cold < Edges.size() && Edges[Cold].E->Cold)
    ++Cold;
  uint64_t Stays = std::max({Others, BelowBorrow, Cold < Edges.size() ? Edges[Cold].Below : 0});
  size_t Cuts = 0;
  while (Cuts < Cold && Edges[Cuts].Below > Stays + ColdGain)
    ++Cuts;
  return Cuts;
}
} // namespace

void place(CallGraph &G, uint64_t MaxPath, uint64_t EntryInPlace) {
  std::vector<unsigned> Order = postOrder(G);
  std::vector<std::vector<uint64_t>> Callers = callerFrames(G);
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
    size_t Cuts = N.MayBlock ? cutsThatSpareCallers(InPlaceEdges, Own, Deepest, Callers[At], MaxPath) : 0;
    size_t ColdCuts = N.MayBlock ? cutsOfCold(InPlaceEdges, Deepest) : 0;
    if (N.Pointed)
      Cuts = std::max(Cuts, cutsThatSpareEntry(G, InPlaceEdges, Own, Deepest, EntryInPlace));
    for (size_t I = 0; I != InPlaceEdges.size(); ++I) {
      CallEdge &E = *InPlaceEdges[I].E;
      const Node &Target = G.Nodes[E.Callee];
      if (I < std::max(Cuts, ColdCuts)) {
        bool Leaves = leaves(Target);
        E.Kind = Leaves ? EdgeKind::Borrow : EdgeKind::Checkpoint;
        if (I < Cuts)
          E.Why = Leaves ? "never blocks, spares callers a check" : "spares callers a check";
        else
          E.Why = Leaves ? "never blocks, cold in the profile" : "cold in the profile";
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
       << (N.Entered ? N.EntryChecked ? " entry=checked" : " entry=in-place" : "");
    if (N.request() != N.Depth)
      OS << " asks=" << N.request() << " by the profile";
    OS << '\n';
    for (const CallEdge &E : N.Edges) {
      OS << "  " << kindName(E.Kind);
      if (E.Callee != ~0u)
        OS << ' ' << G.Nodes[E.Callee].F->getName();
      OS << ": " << E.Why << '\n';
    }
  }
}

} // namespace capriccio
