// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Hash-based value numbering (Hardekopf and Lin's HVN, extended to loads and arithmetic). A node's set is the union of what
// its constraints bring; each is described by a label: a parameter or a call's result by one of its own, an address by
// its object, a load by pointer label and offset, arithmetic likewise, a copy by the label of its source. Memory is flow-insensitive,
// so two loads through pointers with the same label are equal. Nodes with the same set of labels are the same node.
// Cycles are numbered as one when only copies close them; otherwise each member gets a label of its own.
#include "Substitution.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/STLExtras.h"
#include <algorithm>
#include <map>
#include <tuple>

using namespace llvm;

namespace capriccio::pointsto {
namespace {

using Label = uint32_t; // 0: holds nothing

struct Definition {
  enum Kind : uint8_t { Fresh, Address, Copied, Moved, Loaded } K;
  LocalNode From; // node, or object for Address
  int64_t Offset;
  uint64_t Stride; // with Forward in the lowest bit; of Loaded, the type of the access
  bool operator<(const Definition &O) const {
    return std::tie(K, From, Offset, Stride) < std::tie(O.K, O.From, O.Offset, O.Stride);
  }
};

constexpr uint8_t SharedKind = 5; // label of a shared node, beside those by Definition::Kind

class Substitution {
  Template &T;
  std::vector<SmallVector<Definition, 1>> Definitions; // by node
  std::vector<Label> Labels;
  Label Next = 1;
  std::map<std::tuple<uint8_t, uint64_t, int64_t, uint64_t>, Label> Single;
  std::map<std::vector<Label>, Label> Sets;

  Label label() { return Next++; }
  Label single(uint8_t Kind, uint64_t From, int64_t Offset, uint64_t Stride) {
    auto [It, New] = Single.try_emplace({Kind, From, Offset, Stride}, 0);
    if (New)
      It->second = label();
    return It->second;
  }
  Label labelOf(LocalNode N) {
    if (N == None)
      return 0;
    if (N >= SharedNode)
      return single(SharedKind, N, 0, 0);
    return Labels[N];
  }

  void define(LocalNode N, Definition D) {
    if (N < SharedNode)
      Definitions[N].push_back(D);
  }
  void collect();
  void number(ArrayRef<LocalNode> Component);
  void numberAll();
  void rewrite();

public:
  explicit Substitution(Template &T) : T(T), Definitions(T.Nodes), Labels(T.Nodes, 0) {}
  void run() {
    collect();
    numberAll();
    rewrite();
  }
};

void Substitution::collect() {
  for (const Lanes &L : T.Parameters)
    for (LocalNode N : L)
      define(N, {Definition::Fresh, N, 0, 0});
  for (const Call &C : T.Calls)
    for (LocalNode N : C.Results)
      define(N, {Definition::Fresh, N, 0, 0});
  for (const AddressOf &A : T.Addresses)
    define(A.To, {Definition::Address, A.Object, 0, 0});
  for (const Copy &C : T.Copies)
    define(C.To, {Definition::Copied, C.From, 0, 0});
  for (const Arithmetic &A : T.Arithmetics)
    define(A.To, {Definition::Moved, A.From, A.Offset, A.Stride << 1 | uint64_t(A.Forward)});
  for (const Load &L : T.Loads)
    if (L.To != None && L.Pointer != None)
      define(L.To, {Definition::Loaded, L.Pointer, L.Offset, L.Type});
}

void Substitution::number(ArrayRef<LocalNode> Component) {
  bool Cyclic = Component.size() > 1;
  auto Inside = [&](const Definition &D) {
    return D.K != Definition::Fresh && D.K != Definition::Address && D.From < SharedNode &&
           llvm::is_contained(Component, D.From);
  };
  if (Cyclic || any_of(Definitions[Component[0]], Inside))
    for (LocalNode N : Component)
      for (const Definition &D : Definitions[N])
        if (D.K != Definition::Copied && Inside(D)) {
          for (LocalNode M : Component)
            Labels[M] = label();
          return;
        }
  std::vector<Label> Set;
  for (LocalNode N : Component)
    for (const Definition &D : Definitions[N]) {
      if (D.K == Definition::Fresh || D.K == Definition::Address) {
        Set.push_back(single(D.K, D.From, 0, 0));
        continue;
      }
      if (Inside(D))
        continue;
      Label From = labelOf(D.From);
      if (!From)
        continue;
      Set.push_back(D.K == Definition::Copied ? From : single(D.K, From, D.Offset, D.Stride));
    }
  llvm::sort(Set);
  Set.erase(std::unique(Set.begin(), Set.end()), Set.end());
  Label L = 0;
  if (Set.size() == 1) {
    L = Set[0];
  } else if (!Set.empty()) {
    auto [It, New] = Sets.try_emplace(Set, 0);
    if (New)
      It->second = label();
    L = It->second;
  }
  for (LocalNode N : Component)
    Labels[N] = L;
}

/// Strong components of "is defined by", in an order that has definitions first.
void Substitution::numberAll() {
  struct Frame {
    LocalNode N;
    unsigned Next;
  };
  std::vector<uint32_t> Low(T.Nodes, 0), Number(T.Nodes, 0);
  std::vector<LocalNode> Stack;
  std::vector<Frame> Path;
  std::vector<bool> Done(T.Nodes, false);
  uint32_t Counter = 0;
  auto Enter = [&](LocalNode N) {
    Low[N] = Number[N] = ++Counter;
    Stack.push_back(N);
    Path.push_back({N, 0});
  };
  for (LocalNode Root = 0; Root != T.Nodes; ++Root) {
    if (Low[Root])
      continue;
    Enter(Root);
    while (!Path.empty()) {
      Frame &F = Path.back();
      LocalNode N = F.N;
      if (F.Next != Definitions[N].size()) {
        const Definition &D = Definitions[N][F.Next++];
        if (D.K == Definition::Fresh || D.K == Definition::Address || D.From >= SharedNode)
          continue;
        if (!Low[D.From])
          Enter(D.From);
        else if (!Done[D.From])
          Low[N] = std::min(Low[N], Low[D.From]);
        continue;
      }
      Path.pop_back();
      if (!Path.empty())
        Low[Path.back().N] = std::min(Low[Path.back().N], Low[N]);
      if (Low[N] != Number[N])
        continue;
      auto First = std::find(Stack.rbegin(), Stack.rend(), N).base() - 1;
      std::vector<LocalNode> Component(First, Stack.end());
      Stack.erase(First, Stack.end());
      for (LocalNode M : Component)
        Done[M] = true;
      number(Component);
    }
  }
}

/// Nodes of one label become one node; what they were defined by then reads the same, and is kept once.
void Substitution::rewrite() {
  std::vector<LocalNode> New(Next, None); // by label
  uint32_t Count = 0;
  auto Map = [&](LocalNode N) -> LocalNode {
    if (N == None || N >= SharedNode)
      return N;
    Label L = Labels[N];
    if (!L)
      return None;
    // The label may belong to a shared node: a copy of a global's address is that address.
    if (New[L] == None)
      New[L] = Count++;
    return New[L];
  };
  for (const auto &[Key, L] : Single)
    if (std::get<0>(Key) == SharedKind)
      New[L] = std::get<1>(Key);
  auto MapAll = [&](Lanes &L) {
    for (LocalNode &N : L)
      N = Map(N);
  };
  for (Lanes &L : T.Parameters)
    MapAll(L);
  MapAll(T.Results);
  for (Call &C : T.Calls) {
    C.Callee = Map(C.Callee);
    for (Lanes &L : C.Arguments)
      MapAll(L);
    MapAll(C.Results);
  }
  auto Unique = [](auto &V, auto Key) {
    llvm::sort(V, [&](const auto &A, const auto &B) { return Key(A) < Key(B); });
    V.erase(std::unique(V.begin(), V.end(), [&](const auto &A, const auto &B) { return Key(A) == Key(B); }), V.end());
  };
  std::vector<AddressOf> Addresses;
  for (AddressOf A : T.Addresses)
    if ((A.To = Map(A.To)) != None)
      Addresses.push_back(A);
  Unique(Addresses, [](const AddressOf &A) { return std::make_tuple(A.To, A.Object); });
  T.Addresses = std::move(Addresses);

  std::vector<Copy> Copies;
  for (Copy C : T.Copies) {
    C = {Map(C.To), Map(C.From)};
    if (C.To != None && C.From != None && C.To != C.From)
      Copies.push_back(C);
  }
  Unique(Copies, [](const Copy &C) { return std::make_tuple(C.To, C.From); });
  T.Copies = std::move(Copies);

  std::vector<Arithmetic> Arithmetics;
  for (Arithmetic A : T.Arithmetics) {
    A.To = Map(A.To);
    A.From = Map(A.From);
    if (A.To != None && A.From != None)
      Arithmetics.push_back(A);
  }
  Unique(Arithmetics,
         [](const Arithmetic &A) { return std::make_tuple(A.To, A.From, A.Offset, A.Stride, A.Forward); });
  T.Arithmetics = std::move(Arithmetics);

  std::vector<Load> Loads;
  for (Load L : T.Loads) {
    L.To = Map(L.To);
    L.Pointer = Map(L.Pointer);
    if (L.To != None && L.Pointer != None)
      Loads.push_back(L);
  }
  Unique(Loads, [](const Load &L) { return std::make_tuple(L.To, L.Pointer, L.Offset, L.Type); });
  T.Loads = std::move(Loads);

  std::vector<Store> Stores;
  for (Store S : T.Stores) {
    S.Pointer = Map(S.Pointer);
    S.From = Map(S.From);
    if (S.Pointer != None && S.From != None)
      Stores.push_back(S);
  }
  Unique(Stores, [](const Store &S) { return std::make_tuple(S.Pointer, S.From, S.Offset, S.Type); });
  T.Stores = std::move(Stores);

  std::vector<MemoryCopy> MemoryCopies;
  for (MemoryCopy C : T.MemoryCopies) {
    C.To = Map(C.To);
    C.From = Map(C.From);
    if (C.To != None && C.From != None)
      MemoryCopies.push_back(C);
  }
  Unique(MemoryCopies, [](const MemoryCopy &C) { return std::make_tuple(C.To, C.From, C.Size); });
  T.MemoryCopies = std::move(MemoryCopies);
  T.Nodes = Count;
}

} // namespace

void substitute(Template &T) { Substitution(T).run(); }

} // namespace capriccio::pointsto
