// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Propagation and cycle elimination. Strong components are found by Nuutila's variant of Tarjan's algorithm without
// recursion: chains of 100,000 copies occur. The order in which components are finished is a reverse topological one, which
// the next rounds of propagation follow.
#include "Graph.h"

using namespace llvm;

namespace capriccio::pointsto {

NodeId Graph::add(unsigned Count) {
  NodeId First = Nodes.size();
  Nodes.resize(First + Count);
  for (unsigned I = 0; I != Count; ++I) {
    Parent.push_back(First + I);
    Position.push_back(Order.size());
    Order.push_back(First + I);
  }
  Waiting.resize(Order.size() / 64 + 1);
  return First;
}

bool Graph::addEdge(NodeId From, NodeId To) {
  From = find(From);
  To = find(To);
  if (From == To || !Nodes[From].Out.insert(To))
    return false;
  ++Edges;
  if (Nodes[From].News.empty()) {
    if (!Nodes[From].Set.empty())
      pour(Nodes[From].Set, To);
    return true;
  }
  SparseSet Told;
  told(From, Told);
  if (!Told.empty())
    pour(Told, To);
  return true;
}

void Graph::pour(const SparseSet &What, NodeId To) {
  Node &T = Nodes[To];
  Work += 4 + What.words();
  const bool Foreign = T.Set.contains(External);
  bool Changed;
  if (!Foreign && What.contains(External)) {
    T.Set.mergeDominated(What, &T.News);
    T.Set.subtract(Implied);
    T.News.subtract(Implied);
    Changed = true;
  } else if (Foreign && What.words() > 1) {
    SparseSet Rest;
    Rest.copyFrom(What);
    Rest.subtract(Implied);
    Changed = T.Set.mergeDominated(Rest, &T.News);
  } else {
    Changed = T.Set.mergeDominated(What, &T.News);
  }
  if (Changed)
    wake(To);
}

void Graph::insert(NodeId N, LocationId L) {
  N = find(N);
  if (Implied[L / 64] >> L % 64 & 1 && Nodes[N].Set.contains(External))
    return;
  if (Nodes[N].Set.insertDominated(L)) {
    Nodes[N].News.insertDominated(L);
    wake(N);
  }
}

void Graph::visit(NodeId N, Listener &L) {
  SparseSet News;
  News.swap(Nodes[N].News);
  if (Nodes[N].Set.contains(External)) { // something may have been given since it came here
    Nodes[N].Set.subtract(Implied);
    News.subtract(Implied);
  }
  if (News.empty())
    return;
  if (L.listensTo(N))
    L.learnt(N, News);
  // The listener may have added edges: those poured the whole set already, once more does no harm.
  SparseSet Out;
  Out.swap(Nodes[N].Out);
  Out.each([&](NodeId To) {
    To = find(To);
    if (To != N)
      pour(News, To);
  });
  Nodes[N].Out.swap(Out);
}

bool Graph::run(Listener &L) {
  // Merge cycles again once the graph has grown by this share; found by trial on SQLite and httpd.
  auto Due = [&] { return Edges > EdgesAtCollapse + EdgesAtCollapse / 4 + 2000; };
  for (bool Any = true; Any;) {
    Any = false;
    ++Rounds;
    if (Due())
      collapseCycles(L);
    for (size_t W = 0; W < Waiting.size() && !Due(); ++W)
      while (Waiting[W] && !Due()) {
        unsigned Bit = countr_zero(Waiting[W]);
        Waiting[W] &= ~(uint64_t(1) << Bit);
        NodeId N = Order[W * 64 + Bit];
        if (Parent[N] != N)
          continue;
        Any = true;
        visit(N, L);
        // What is given makes sets small: the sooner it is known the better.
        for (NodeId Early : Urgent)
          if (NodeId E = find(Early); !Nodes[E].News.empty())
            visit(E, L);
        if (!L.goOn())
          return false;
      }
    Any |= Due();
  }
  return true;
}

void Graph::unite(NodeId Kept, NodeId Gone, Listener &L) {
  Node &K = Nodes[Kept], &G = Nodes[Gone];
  // Of what both know, only that which both have passed on needs no second look.
  SparseSet DoneK, DoneG;
  DoneK.copyFrom(K.Set);
  DoneK.subtract(K.News);
  DoneG.copyFrom(G.Set);
  DoneG.subtract(G.News);
  DoneK.intersect(DoneG);
  K.Set.mergeDominated(G.Set);
  if (K.Set.contains(External))
    K.Set.subtract(Implied);
  K.News.copyFrom(K.Set);
  K.News.subtract(DoneK);
  K.Out.merge(G.Out);
  G.Set.clear();
  G.News.clear();
  G.Out.clear();
  Parent[Gone] = Kept;
  ++Merges;
  if (!K.News.empty())
    wake(Kept);
  L.merged(Kept, Gone);
}

void Graph::collapseCycles(Listener &L) {
  struct Frame {
    NodeId N;
    uint32_t Next, End; // into Children
  };
  const uint32_t Unseen = 0, Finished = ~0u;
  std::vector<uint32_t> Low(Nodes.size(), Unseen);
  std::vector<NodeId> Stack, Children, Topological;
  std::vector<Frame> Path;
  std::vector<std::pair<NodeId, NodeId>> Pairs; // to unite afterwards: sets must not change under the walk
  uint32_t Counter = 0;
  std::vector<uint32_t> Number(Nodes.size(), 0);

  auto Enter = [&](NodeId N) {
    Low[N] = Number[N] = ++Counter;
    Stack.push_back(N);
    uint32_t First = Children.size();
    SparseSet Out; // with merged neighbours under one name
    Nodes[N].Out.each([&](NodeId To) {
      To = find(To);
      if (To != N && Out.insert(To))
        Children.push_back(To);
    });
    Nodes[N].Out.swap(Out);
    Path.push_back({N, First, uint32_t(Children.size())});
  };
  for (NodeId Root = 0; Root != Nodes.size(); ++Root) {
    if (Parent[Root] != Root || Low[Root] != Unseen)
      continue;
    Enter(Root);
    while (!Path.empty()) {
      Frame &F = Path.back();
      if (F.Next != F.End) {
        NodeId To = Children[F.Next++];
        if (Low[To] == Unseen)
          Enter(To);
        else if (Low[To] != Finished)
          Low[F.N] = std::min(Low[F.N], Low[To]);
        continue;
      }
      NodeId N = F.N;
      Path.pop_back();
      Children.resize(Path.empty() ? 0 : Path.back().End);
      if (!Path.empty())
        Low[Path.back().N] = std::min(Low[Path.back().N], Low[N]);
      if (Low[N] != Number[N])
        continue;
      Topological.push_back(N);
      for (;;) {
        NodeId Member = Stack.back();
        Stack.pop_back();
        Low[Member] = Finished;
        if (Member == N)
          break;
        Pairs.push_back({N, Member});
      }
    }
  }

  Order.assign(Topological.rbegin(), Topological.rend());
  Waiting.assign(Order.size() / 64 + 1, 0);
  for (size_t I = 0; I != Order.size(); ++I) {
    Position[Order[I]] = I;
    if (!Nodes[Order[I]].News.empty())
      wake(Order[I]);
  }
  for (auto [Kept, Gone] : Pairs)
    unite(Kept, Gone, L);
  L.collapsed();
  EdgesAtCollapse = Edges;
}

uint64_t Graph::bytes() const {
  return Nodes.capacity() * sizeof(Node) + (Parent.capacity() + Position.capacity() + Order.capacity()) * 4 +
         Waiting.capacity() * 8;
}

} // namespace capriccio::pointsto
