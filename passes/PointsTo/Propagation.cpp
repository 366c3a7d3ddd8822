// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What news at a node sets off beyond its edges: loads and stores through it find more memory, arithmetic on it makes more
// locations, calls through it find more targets. A use that comes later is told at once all that is known by then.
#include "Solver.h"
#include <numeric>

using namespace llvm;

namespace capriccio::pointsto {

// A constant step that has made this many locations in one object is taken for a pointer that walks: its further results are
// rows. Bounded by a number and not by the size of the object, since most heap objects have none.
static constexpr unsigned WalkingAfter = 8, WalkingBytesAfter = 2;

// A pointer that may come from outside and may point to so many other things too has got into a place where everything meets
// (words of 64 locations; functions, which cost nothing further, share words). To tell those things from what is outside is then
// not worth its price.
// The same is true of a pointer that cannot come from outside, if it may point to very many things.
static constexpr uint32_t MostBesideExternal = 10, MostAlone = 40;

/// Gives what `N` points to, functions apart, and lets it point outside. Sound, since it only adds to what External can do.
void Solver::widen(NodeId N) {
  SmallVector<LocationId, 0> All;
  G.set(N).each([&](LocationId L) { All.push_back(L); });
  G.insert(N, External);
  for (LocationId L : All) {
    ObjectId Object = O.place(L).Object;
    if (O[Object].Given || Object == Foreign || O[Object].Kind == ObjectKind::Function)
      continue;
    ++Widened;
    Mem.give(Object);
    escape(Object);
  }
}

Solver::Uses &Solver::uses(NodeId N) {
  N = G.find(N);
  if (UsesOf.size() <= N)
    UsesOf.resize(std::max<size_t>(G.nodes(), N + 1));
  if (!UsesOf[N])
    UsesOf[N] = std::make_unique<Uses>();
  return *UsesOf[N];
}

void Solver::addFlow(NodeId From, NodeId To) {
  Log.Flows.push_back({From, To, If});
  G.addEdge(From, To);
}

void Solver::addMove(NodeId From, MoveUse U) {
  Log.Flows.push_back({From, U.To, If});
  SparseSet Known;
  G.told(From, Known);
  Uses &All = uses(From);
  All.Moves.push_back(std::move(U));
  if (!Known.empty())
    apply(All.Moves.back(), Known);
}

void Solver::addLoad(NodeId Pointer, LoadUse U) {
  Log.Loads.push_back({Pointer, U.To, U.Offset, U.Type, If});
  listen(Pointer, U);
}

void Solver::listen(NodeId Pointer, LoadUse U) {
  SparseSet Known;
  G.told(Pointer, Known);
  uses(Pointer).Loads.push_back(U);
  apply(U, Known);
}

void Solver::addStore(NodeId Pointer, StoreUse U) {
  Log.Stores.push_back({Pointer, U.From, U.Offset, U.Type, If});
  SparseSet Known;
  G.told(Pointer, Known);
  uses(Pointer).Stores.push_back(U);
  apply(U, Known);
}

void Solver::addCopyUse(NodeId Pointer, CopyUse U) {
  SparseSet Known;
  G.told(Pointer, Known);
  uses(Pointer).Copies.push_back(U);
  apply(U, Known);
}

void Solver::addMemoryCopy(NodeId To, NodeId From, uint64_t Size) {
  Log.Copies.push_back({To, From, Size, If});
  ObjectId Buffer = O.add(ObjectKind::Buffer, Size, nullptr);
  addCopyUse(From, {Buffer, Size, false});
  addCopyUse(To, {Buffer, Size, true});
}

void Solver::watch(NodeId Callee, uint32_t Call) {
  CallInstances[Call].Callee = Callee;
  SparseSet Known;
  G.told(Callee, Known);
  uses(Callee).Calls.push_back(Call);
  applyCall(Call, Known);
}

void Solver::apply(MoveUse &U, const SparseSet &News) {
  SparseSet Moved;
  News.each([&](LocationId L) {
    ++Steps;
    LocationId To = O.advance(L, U.Offset, U.Stride, U.Forward);
    if (U.Offset && !O.functionAt(L)) {
      if (!U.Made)
        U.Made = std::make_unique<DenseMap<ObjectId, unsigned>>();
      if (++(*U.Made)[O.place(L).Object] > (U.Offset % 8 ? WalkingBytesAfter : WalkingAfter))
        To = O.advance(L, 0, std::gcd<uint64_t>(std::abs(U.Offset), U.Stride), false);
    }
    if (To != None)
      Moved.insertDominated(To);
  });
  // One by one, since inserting may not meet a set that is being walked.
  Moved.each([&](LocationId L) { G.insert(U.To, L); });
}

void Solver::apply(const LoadUse &U, const SparseSet &News) {
  News.each([&](LocationId L) {
    ++Steps;
    Mem.forRead(L, U.Offset, U.Type, [&](NodeId Cell) { G.addEdge(Cell, U.To); });
  });
}

void Solver::apply(const StoreUse &U, const SparseSet &News) {
  News.each([&](LocationId L) {
    ++Steps;
    if (O.isForeign(L))
      G.addEdge(U.From, Given);
    Mem.forWrite(L, U.Offset, U.Type, [&](NodeId Cell) { G.addEdge(U.From, Cell); });
  });
}

void Solver::apply(const CopyUse &U, const SparseSet &News) {
  News.each([&](LocationId L) {
    ++Steps;
    if (U.Out)
      Mem.copyOut(U.Buffer, L);
    else
      Mem.copyIn(L, U.Size, U.Buffer);
  });
}

void Solver::applyCall(uint32_t Call, const SparseSet &News) {
  News.each([&](LocationId L) {
    ++Steps;
    if (O.isForeign(L))
      callOutside(Call, false);
    else if (const Function *F = O.functionAt(L))
      connect(Call, *F);
  });
}

void Solver::learnt(NodeId N, const SparseSet &News) {
  if (N == G.find(Escaped))
    News.each([&](LocationId L) { escape(O.place(L).Object); });
  if (N == G.find(Given))
    News.each([&](LocationId L) {
      Mem.give(O.place(L).Object);
      escape(O.place(L).Object);
    });
  if (uint32_t Words = G.set(N).words(); Words > MostAlone || (Words > MostBesideExternal && G.set(N).contains(External)))
    widen(N);
  if (N < UsesOf.size() && UsesOf[N]) {
    // Uses that are added meanwhile are told by those who add them.
    Uses &U = *UsesOf[N];
    size_t Moves = U.Moves.size(), Loads = U.Loads.size(), Stores = U.Stores.size(), Copies = U.Copies.size(),
           Calls = U.Calls.size();
    for (size_t I = 0; I != Moves; ++I)
      apply(U.Moves[I], News);
    for (size_t I = 0; I != Loads; ++I)
      apply(LoadUse(U.Loads[I]), News);
    for (size_t I = 0; I != Stores; ++I)
      apply(StoreUse(U.Stores[I]), News);
    for (size_t I = 0; I != Copies; ++I)
      apply(CopyUse(U.Copies[I]), News);
    for (size_t I = 0; I != Calls; ++I)
      applyCall(U.Calls[I], News);
  }
  drain();
}

void Solver::merged(NodeId Kept, NodeId Gone) {
  if (Gone >= UsesOf.size() || !UsesOf[Gone])
    return;
  std::unique_ptr<Uses> From = std::move(UsesOf[Gone]);
  Uses &To = uses(Kept);
  std::move(From->Moves.begin(), From->Moves.end(), std::back_inserter(To.Moves));
  auto Append = [](auto &A, const auto &B) { A.insert(A.end(), B.begin(), B.end()); };
  Append(To.Loads, From->Loads);
  Append(To.Stores, From->Stores);
  Append(To.Copies, From->Copies);
  Append(To.Calls, From->Calls);
}

/// Uses that have become the same, since their nodes have, are kept once.
void Solver::collapsed() {
  auto Unique = [](auto &V, auto Key) {
    if (V.size() < 2)
      return;
    llvm::sort(V, [&](const auto &A, const auto &B) { return Key(A) < Key(B); });
    V.erase(std::unique(V.begin(), V.end(), [&](const auto &A, const auto &B) { return Key(A) == Key(B); }), V.end());
  };
  for (const std::unique_ptr<Uses> &U : UsesOf) {
    if (!U)
      continue;
    for (MoveUse &Use : U->Moves)
      Use.To = G.find(Use.To);
    for (LoadUse &Use : U->Loads)
      Use.To = G.find(Use.To);
    for (StoreUse &Use : U->Stores)
      Use.From = G.find(Use.From);
    // Of moves that are equal the one that has counted more stays; that it counts anew would do no harm either.
    Unique(U->Moves, [](const MoveUse &M) { return std::make_tuple(M.To, M.Offset, M.Stride, M.Forward); });
    Unique(U->Loads, [](const LoadUse &L) { return std::make_tuple(L.To, L.Offset, L.Type); });
    Unique(U->Stores, [](const StoreUse &S) { return std::make_tuple(S.From, S.Offset, S.Type); });
  }
}

} // namespace capriccio::pointsto
