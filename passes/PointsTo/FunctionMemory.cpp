// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Where functions lie. An access whose pointer may come from outside, or was widened, is to common memory, by type alone; others are to
// cells of objects. Objects that were given are both: what is written there through either kind of pointer is read through both, if the type
// of the access fits into the object. Constants have what their initialiser says and no more.
#include "FunctionFlow.h"
#include "Values.h"
#include "llvm/IR/GlobalIFunc.h"
#include "llvm/IR/Module.h"

using namespace llvm;

namespace capriccio::pointsto {

static std::pair<uint64_t, uint64_t> keyOf(ObjectId Object, int32_t Offset, uint32_t Stride, AccessType Type) {
  return {uint64_t(Object) << 32 | uint32_t(Offset), uint64_t(Stride) << 32 | Type};
}

NodeId FunctionFlow::read(ObjectId Object, int32_t Offset, uint32_t Stride, AccessType Type) {
  auto [It, New] = ReadAt.try_emplace(keyOf(Object, Offset, Stride, Type), Read.size());
  if (!New)
    return Read[It->second].N;
  NodeId N = add();
  ReadOf[Object].push_back(Read.size());
  if (Object != pointsto::Foreign && seesCommon(Object)) {
    if (SharedReads.size() <= Type)
      SharedReads.resize(Type + 1);
    SharedReads[Type].push_back(Read.size());
  }
  Read.push_back({Object, Offset, Stride, Type, N});
  return N;
}

NodeId FunctionFlow::written(ObjectId Object, int32_t Offset, uint32_t Stride, AccessType Type) {
  auto [It, New] = WrittenAt.try_emplace(keyOf(Object, Offset, Stride, Type), Written.size());
  if (!New)
    return Written[It->second].N;
  NodeId N = add();
  Untold[N] = Written.size();
  WrittenOf[Object].push_back(Written.size());
  Written.push_back({Object, Offset, Stride, Type, N});
  if (PassedObjects.contains(Object))
    edge(N, Handed, Plain);
  return N;
}

void FunctionFlow::writeAnywhere(ObjectId Object, uint32_t Member) {
  if (!O[Object].ReadOnly && O[Object].Kind != ObjectKind::Function)
    insert(written(Object, 0, 8, 0), Member);
}

void FunctionFlow::startMemory() {
  ReadOf.resize(O.size());
  WrittenOf.resize(O.size());
  CopiesOf.resize(O.size());
  CopiedTo.resize(O.size());
  startCopies();
  startLoads();
  startStores();
  for (ObjectId Object = 0; Object != O.size(); ++Object)
    if (O[Object].Kind == ObjectKind::Global)
      initialise(Object);
}

void FunctionFlow::startCopies() {
  SmallVector<ObjectId, 0> Work;
  auto MarkTargets = [&](const Record::MemoryCopy &C) {
    S.graph().set(C.To).each([&](LocationId L) {
      ObjectId To = O.place(L).Object;
      if (To != pointsto::Foreign && O[To].Kind != ObjectKind::Function && !O[To].ReadOnly && !CopiedTo[To]) {
        CopiedTo[To] = true;
        Work.push_back(To);
      }
    });
  };
  for (uint32_t I = 0; I != R.Copies.size(); ++I) {
    const Record::MemoryCopy &C = R.Copies[I];
    S.graph().set(C.From).each([&](LocationId L) { CopiesOf[O.place(L).Object].push_back({I, L}); });
  }
  Work.push_back(pointsto::Foreign);
  while (!Work.empty()) {
    ObjectId From = Work.pop_back_val();
    for (auto [I, L] : CopiesOf[From])
      MarkTargets(R.Copies[I]);
  }
}

void FunctionFlow::startLoads() {
  DenseMap<CellKey, NodeId> Known;
  for (const Record::Access &L : R.Loads) {
    NodeId Pointer = S.graph().find(L.Pointer);
    auto [It, New] = Known.try_emplace({uint64_t(Pointer) << 32 | L.Type, uint64_t(L.Offset)}, None);
    if (New) {
      NodeId N = It->second = add();
      S.graph().set(Pointer).each([&](LocationId At) {
        ObjectId Object = O.place(At).Object;
        if (Object == pointsto::Foreign)
          return edge(read(Object, 0, 8, L.Type), N, Plain);
        if (O[Object].Kind != ObjectKind::Function)
          S.memory().forCells(At, L.Offset, [&](int32_t Offset, uint32_t Stride) { edge(read(Object, Offset, Stride, L.Type), N, Plain); });
      });
    }
    edge(It->second, L.Value, Plain);
  }
}

void FunctionFlow::startStores() {
  DenseMap<CellKey, NodeId> Known;
  for (const Record::Access &W : R.Stores) {
    NodeId Pointer = S.graph().find(W.Pointer);
    auto [It, New] = Known.try_emplace({uint64_t(Pointer) << 32 | W.Type, uint64_t(W.Offset)}, None);
    if (New) {
      It->second = add();
      Untold[It->second] = Stores.size() | IsStore;
      Stores.push_back({Pointer, W.Offset, W.Type});
    }
    edge(W.Value, It->second, Types.mayBeFunction(W.Type) ? Plain : Data);
  }
}

void FunctionFlow::initialise(ObjectId Object) {
  const auto &V = *cast<GlobalVariable>(O[Object].Site);
  if (!V.hasInitializer())
    return;
  const DataLayout &DL = V.getDataLayout();
  uint64_t Fold = 0; // as Solver::initialise has it
  if (auto *A = dyn_cast<ArrayType>(V.getValueType()); A && A->getNumElements() > 4096)
    Fold = DL.getTypeAllocSize(A->getElementType());
  forAddresses(V.getInitializer(), DL, [&](const ConstantAddress &A) {
    const auto *F = dyn_cast_or_null<Function>(A.Global);
    if (A.Global && !F && !isa<GlobalIFunc>(A.Global))
      return;
    AccessType Type = Types.declared(V.getValueType(), A.At, DL);
    uint64_t At = Fold ? A.At % Fold : A.At;
    uint32_t Stride = !Fold ? 0 : Fold % 8 == 0 ? Fold : 8;
    for (uint64_t Slot = Stride == 8 ? 0 : At & ~uint64_t(7); Slot < At + 8; Slot += 8) {
      NodeId N = written(Object, Slot, Stride, Type);
      Written[WrittenAt[keyOf(Object, Slot, Stride, Type)]].Initial = true;
      insert(N, F ? Numbers.lookup(F) : 0);
    }
  });
}

/// Something has come to a store, or a cell, for the first time.
void FunctionFlow::expand(NodeId N, uint32_t What) {
  if (!(What & IsStore)) {
    const Cell W = Written[What];
    return W.Object == pointsto::Foreign ? expandCommon(W) : expandObject(W);
  }
  const Store At = Stores[What & ~IsStore];
  S.graph().set(At.Pointer).each([&](LocationId L) {
    ObjectId Object = O.place(L).Object;
    if (Object == pointsto::Foreign) {
      edge(N, common(At.Type), Types.inStructure(At.Type) ? Plain : NotUnder);
    } else if (!O[Object].ReadOnly && O[Object].Kind != ObjectKind::Function) {
      S.memory().forCells(L, At.Offset, [&](int32_t Offset, uint32_t Stride) { edge(N, written(Object, Offset, Stride, At.Type), Plain); });
    }
  });
}

/// What was written to common memory as one type is read as another.
void FunctionFlow::link(const Cell &W, const Cell &To) {
  AccessTypes::Relation Related = W.Type && To.Type ? Types.relation(W.Type, To.Type) : AccessTypes::Alike;
  if (Related == AccessTypes::Never)
    return;
  // A function that was stored as one is not read as a number or as a pointer to data, unless that is how this member is used.
  const bool MayBeFunction = Types.mayBeFunction(To.Type);
  if (Related == AccessTypes::Same)
    return edge(W.N, To.N, MayBeFunction ? Plain : Data);
  if (MayBeFunction)
    edge(W.N, To.N, !W.Type ? Doubt : To.Type ? Once : Depart);
}

void FunctionFlow::expandCommon(const Cell &W) {
  auto Link = [&](const Cell &To) { link(W, To); };
  for (uint32_t I : ReadOf[pointsto::Foreign])
    Link(Read[I]);
  for (AccessType Type = 0; Type != SharedReads.size(); ++Type)
    if (!SharedReads[Type].empty() && Types.mayMeet(W.Type, Type))
      for (uint32_t I : SharedReads[Type]) {
        const Cell &To = Read[I];
        if (CopiedTo[To.Object] || !W.Type || To.Stride || Types.fits(W.Type, To.Offset, O[To.Object].Size))
          Link(To);
      }
}

void FunctionFlow::expandObject(const Cell &W) {
  const bool Common = O[W.Object].Given;
  bool Leaves = false;
  for (uint32_t I : ReadOf[W.Object]) {
    const Cell &To = Read[I];
    if (!overlap(W.Offset, W.Stride, To.Offset, To.Stride) || (!W.Initial && !Types.mayMeet(W.Type, To.Type)))
      continue;
    Leaves |= W.Type && !To.Type;
    // What lies anywhere in an object is in this member of it at best.
    const bool Loose = !W.Initial && (W.Stride || To.Stride) && Types.inStructure(To.Type);
    edge(W.N, To.N,
         !Types.mayBeFunction(To.Type)                                                   ? Data
         : W.Type && !To.Type                                                            ? Depart
         : Loose && !W.Type                                                              ? Doubt
         : Loose && W.Type != To.Type && Types.relation(W.Type, To.Type) != AccessTypes::Same ? Once
                                                                                         : Plain);
  }
  // Untyped bytes that a copy by a load without a type takes along keep their type in common memory.
  if (Leaves || (Common && (!W.Type || Types.inStructure(W.Type)))) {
    edge(W.N, common(W.Type), Types.inStructure(W.Type) ? Plain : NotUnder);
  } else if (Common) {
    for (uint32_t I : ReadOf[pointsto::Foreign]) {
      const Cell &To = Read[I];
      if (!To.Type || W.Stride || Types.fits(To.Type, W.Offset, O[W.Object].Size))
        link(W, To);
    }
  }
  for (auto [I, Start] : CopiesOf[W.Object])
    copyCell(W, R.Copies[I], Start);
}

void FunctionFlow::copyCell(const Cell &W, const Record::MemoryCopy &C, LocationId Start) {
  const Location From = O.place(Start);
  const int64_t At = int64_t(W.Offset) - From.Offset;
  const bool Exact = !W.Stride && !From.Stride;
  if (Exact && (At <= -8 || (C.Size != UnknownSize && At >= int64_t(C.Size))))
    return;
  S.graph().set(C.To).each([&](LocationId L) {
    const Location To = O.place(L);
    if (To.Object == pointsto::Foreign)
      return edge(W.N, common(W.Type), Types.inStructure(W.Type) ? Plain : NotUnder);
    if (O[To.Object].ReadOnly || O[To.Object].Kind == ObjectKind::Function)
      return;
    if (!Exact)
      return edge(W.N, written(To.Object, 0, 8, W.Type), Plain);
    S.memory().forCells(L, At, [&](int32_t Offset, uint32_t Stride) { edge(W.N, written(To.Object, Offset, Stride, W.Type), Plain); });
  });
}

} // namespace capriccio::pointsto
