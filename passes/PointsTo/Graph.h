// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The constraint graph: nodes with their points-to sets, and edges along which sets flow. Only what a node has learnt since
// it was last looked at travels on (difference propagation). Nodes are looked at in topological order; cycles, which hold
// equal sets in the end, are found and merged when enough edges have come since the last time. What else news means (a load
// through a pointer that now points further) is the business of a listener, which may add nodes and edges as it goes.
#ifndef CAPRICCIO_POINTSTO_GRAPH_H
#define CAPRICCIO_POINTSTO_GRAPH_H

#include "Objects.h"
#include "SparseSet.h"

namespace capriccio::pointsto {

class Graph {
public:
  class Listener {
  public:
    virtual ~Listener() = default;
    /// `N` is now known to point to `News` too.
    virtual void learnt(NodeId N, const SparseSet &News) = 0;
    /// `Gone` was merged into `Kept`.
    virtual void merged(NodeId Kept, NodeId Gone) = 0;
    /// All cycles that there are have been merged.
    virtual void collapsed() = 0;
    /// False ends the run early.
    virtual bool goOn() = 0;
    /// True if `N` has more to tell than its edges: a load, a store, a call, arithmetic.
    virtual bool listensTo(NodeId N) const = 0;
  };

  /// `Implied`: the locations that External stands for, a bit each; grows meanwhile.
  explicit Graph(const std::vector<uint64_t> &Implied) : Implied(Implied) {}

  NodeId add(unsigned Count = 1);
  NodeId find(NodeId N) const {
    while (Parent[N] != N) {
      Parent[N] = Parent[Parent[N]];
      N = Parent[N];
    }
    return N;
  }
  /// All that `From` points to, `To` points to. True if the edge is new.
  bool addEdge(NodeId From, NodeId To);
  void insert(NodeId N, LocationId L);
  const SparseSet &set(NodeId N) const { return Nodes[find(N)].Set; }
  /// What has travelled on from `N` already: what comes later to stand at `N` has to be told this, and will hear the rest.
  void told(NodeId N, SparseSet &Out) const {
    const Node &Here = Nodes[find(N)];
    Out.copyFrom(Here.Set);
    if (!Here.News.empty())
      Out.subtract(Here.News);
  }

  /// News of this node goes before that of others.
  void hurry(NodeId N) { Urgent.push_back(N); }
  /// Runs until nothing is left to learn; false if the listener ended it.
  bool run(Listener &L);

  size_t nodes() const { return Nodes.size(); }
  /// Words of sets that were merged so far.
  uint64_t work() const { return Work; }
  uint64_t edges() const { return Edges; }
  uint64_t merges() const { return Merges; }
  uint64_t rounds() const { return Rounds; }
  uint64_t bytes() const; // without the sets, which SparseSet counts

private:
  struct Node {
    SparseSet Set, News, Out;
  };
  const std::vector<uint64_t> &Implied;
  std::vector<Node> Nodes;
  std::vector<NodeId> Urgent;
  mutable std::vector<NodeId> Parent;
  std::vector<uint32_t> Position; // in Order
  std::vector<NodeId> Order;
  std::vector<uint64_t> Waiting; // bit per position: has news
  uint64_t Edges = 0, EdgesAtCollapse = 0, Merges = 0, Rounds = 0, Work = 0;

  void wake(NodeId N) { Waiting[Position[N] / 64] |= uint64_t(1) << (Position[N] % 64); }
  void pour(const SparseSet &What, NodeId To);
  void visit(NodeId N, Listener &L);
  void collapseCycles(Listener &L);
  void unite(NodeId Kept, NodeId Gone, Listener &L);
};

} // namespace capriccio::pointsto

#endif
