// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Cells come into being when a constraint first touches them, and are then linked to those that they overlap. Copies of
// whole ranges are kept with the source, so that a cell which is written later is copied too.
#include "Memory.h"
#include "llvm/Support/MathExtras.h"
#include <numeric>

using namespace llvm;

namespace capriccio::pointsto {

// A copy of at most this many cells out of a row is spelt out; a longer one stays a row.
static constexpr uint64_t SpeltOut = 64;

// Distinct starts of copies between the same two objects.
static constexpr unsigned MostStarts = 6;

// An array moved up within itself finds a new cell each time. After this many, cells are no longer told apart.
static constexpr uint32_t Shifting = 64;

// Cells of object 0 that are copied to one other object.
static constexpr uint32_t MostFromForeign = 100;

// Of one object. Then it is one row of cells to whoever comes with another.
static constexpr unsigned MostCells = 64;

void Memory::forCells(LocationId L, int64_t Offset, function_ref<void(int32_t, uint32_t)> Do) const {
  const Location P = O.place(L);
  const uint64_t Size = O[P.Object].Size;
  int64_t At = int64_t(P.Offset) + Offset;
  uint32_t Stride = P.Stride;
  if (!isInt<32>(At)) {
    At = 0;
    Stride = 8;
  }
  if (!Stride) {
    for (int64_t Slot = At & ~int64_t(7); Slot < At + 8; Slot += 8)
      if (Slot >= 0 && uint64_t(Slot) < Size)
        Do(Slot, 0);
    return;
  }
  if (Stride % 8 || Stride == 8) {
    // Anywhere from P.Offset on; where exactly behind it the access lies says nothing then.
    At = std::max<int64_t>(std::min<int64_t>(At, P.Offset), 0) & ~int64_t(7);
    Stride = 8;
  }
  if (At < 0) // the first elements lie before the object
    At = ((At % Stride) + Stride) % Stride;
  for (int64_t Slot = At & ~int64_t(7); Slot < At + 8; Slot += 8) {
    if (uint64_t(Slot) >= Size)
      continue;
    // A row that ends with its first element is no row.
    bool One = Size != UnknownSize && uint64_t(Slot) + Stride >= Size;
    Do(Slot, One ? 0 : Stride);
  }
}

bool overlap(int32_t A, uint32_t StrideA, int32_t B, uint32_t StrideB) {
  if (!StrideA && !StrideB)
    return A == B;
  if (!StrideA)
    return A >= B && (A - B) % StrideB == 0;
  if (!StrideB)
    return B >= A && (B - A) % StrideA == 0;
  int64_t Gap = std::abs(int64_t(A) - B);
  return Gap % std::gcd(StrideA, StrideB) == 0;
}

bool Memory::meet(const Cell &A, const Cell &B) const {
  return overlap(A.Offset, A.Stride, B.Offset, B.Stride) && Types.mayMeet(A.Type, B.Type);
}

uint32_t Memory::cell(ObjectId Object, Cell &C) {
  auto Key = [&] {
    return std::pair<uint64_t, uint64_t>(uint64_t(Object) << 32 | uint32_t(C.Offset), uint64_t(C.Stride) << 32 | C.Type);
  };
  if (contents(Object).Cells.size() >= O.budget(Object, MostCells) && !Index.contains(Key())) {
    C.Offset = 0;
    C.Stride = 8;
  }
  auto [It, New] = Index.try_emplace(Key(), 0);
  if (New) {
    Contents &Here = contents(Object);
    It->second = Here.Cells.size();
    Here.Cells.push_back({C.Offset, C.Stride, C.Type, None, None});
    ++Cells;
  }
  return It->second;
}

NodeId Memory::readNode(ObjectId Object, Cell C) {
  if (O.isShared(Object)) {
    Object = Foreign;
    C.Offset = 0;
    C.Stride = 8;
  }
  uint32_t I = cell(Object, C);
  if (NodeId N = All[Object].Cells[I].Read; N != None)
    return N;
  NodeId N = C.Read = All[Object].Cells[I].Read = G.add();
  for (const Cell &W : All[Object].Cells)
    if (W.Written != None && meet(W, C))
      G.addEdge(W.Written, N);
  return N;
}

NodeId Memory::writeNode(ObjectId Object, Cell C) {
  if (O.isShared(Object)) {
    Object = Foreign;
    C.Offset = 0;
    C.Stride = 8;
  }
  uint32_t I = cell(Object, C);
  if (NodeId N = All[Object].Cells[I].Written; N != None)
    return N;
  NodeId N = All[Object].Cells[I].Written = G.add();
  for (const Cell &R : All[Object].Cells)
    if (R.Read != None && meet(C, R))
      G.addEdge(N, R.Read);
  for (uint32_t K = 0; K != All[Object].Copies.size(); ++K)
    Tasks.push_back({Object, I, K});
  if (O[Object].Given) // a constant
    G.addEdge(N, writeNode(Foreign, {0, 8, C.Type}));
  return N;
}

void Memory::forRead(LocationId L, int64_t Offset, AccessType Type, function_ref<void(NodeId)> Do) {
  const ObjectId Object = O.place(L).Object;
  if (O[Object].Kind == ObjectKind::Function)
    return;
  forCells(L, Offset, [&](int32_t At, uint32_t Stride) { Do(readNode(Object, {At, Stride, Type})); });
}

void Memory::forWrite(LocationId L, int64_t Offset, AccessType Type, function_ref<void(NodeId)> Do) {
  const ObjectId Object = O.place(L).Object;
  if (O[Object].Kind == ObjectKind::Function || O[Object].ReadOnly)
    return;
  forCells(L, Offset, [&](int32_t At, uint32_t Stride) { Do(writeNode(Object, {At, Stride, Type})); });
  settle();
}

void Memory::escape(ObjectId Object) {
  LocationId Anywhere = O.locate(Object, 0, 1);
  forRead(Anywhere, 0, 0, [&](NodeId N) { G.addEdge(N, Escaped); });
  forWrite(Anywhere, 0, 0, [&](NodeId N) { G.insert(N, External); });
}

void Memory::give(ObjectId Object) {
  if (Object == Foreign || O[Object].Given)
    return;
  O.give(Object);
  if (O[Object].Kind == ObjectKind::Function)
    return;
  contents(Object);
  for (const Cell C : std::vector<Cell>(All[Object].Cells)) {
    const Cell Here = {0, 8, C.Type};
    if (C.Written != None)
      G.addEdge(C.Written, writeNode(Foreign, Here));
    if (C.Read != None && !O[Object].Constant)
      G.addEdge(readNode(Foreign, Here), C.Read);
  }
  if (!O[Object].Constant)
    for (const Copy &C : std::vector<Copy>(All[Object].Copies))
      addCopy(Foreign, C);
  settle();
}

void Memory::start(NodeId EscapedNode, NodeId GivenNode) {
  Escaped = EscapedNode;
  Given = GivenNode;
  // All that is not given but read through a foreign pointer is foreign again.
  G.insert(writeNode(Foreign, {0, 8, 0}), External);
}

void Memory::addCopy(ObjectId From, const Copy &Wanted) {
  Copy C = Wanted;
  if (O.isShared(From))
    From = Foreign;
  if (From == Foreign) {
    C.From = 0;
    C.Step = 1;
  }
  if (From == Foreign && O.isShared(C.To))
    return;
  // From or to many places of one object: anywhere in it.
  unsigned &Count = Starts[uint64_t(From) << 32 | C.To];
  if (Count >= MostStarts && C.Step != 1)
    return addCopy(From, {C.To, 0, 0, 1, C.Size, C.Out});
  uint64_t Shape = uint64_t(uint32_t(C.From)) << 32 | uint32_t(C.At);
  assert((C.Size == UnknownSize || C.Size <= INT32_MAX) && C.Step <= INT32_MAX && "does not fit the key");
  if (!Known.insert({uint64_t(From) << 32 | C.To, {Shape, C.Size << 32 ^ C.Step ^ uint64_t(C.Out) << 31}}).second)
    return;
  ++Count;
  Contents &Here = contents(From);
  Here.Copies.push_back(C);
  for (uint32_t I = 0; I != Here.Cells.size(); ++I)
    if (Here.Cells[I].Written != None)
      Tasks.push_back({From, I, uint32_t(Here.Copies.size() - 1)});
  settle();
}

void Memory::settle() {
  while (!Tasks.empty()) {
    const Task T = Tasks.back();
    Tasks.pop_back();
    Copy &C = All[T.Object].Copies[T.Copy];
    // What gets all that there is outside may as well be outside.
    if (T.Object == Foreign && C.Done > MostFromForeign) {
      if (!O[C.To].Given && !O[C.To].Constant)
        ++Widened;
      give(C.To);
      continue;
    }
    if (++C.Done > Shifting)
      C.Step = 1;
    copyCell(Cell(All[T.Object].Cells[T.Cell]), Copy(C));
  }
}

void Memory::copyCell(const Cell &Source, const Copy &C) {
  // As forWrite does, but leaving further copies to settle().
  auto Flow = [&](LocationId To) {
    if (!O[C.To].ReadOnly)
      forCells(To, 0, [&](int32_t At, uint32_t Stride) { G.addEdge(Source.Written, writeNode(C.To, {At, Stride, Source.Type})); });
  };
  if (C.Out) {
    // Element of the buffer plus element of the destination.
    Flow(C.Step == 1 ? O.locate(C.To, 0, 1) : O.locate(C.To, int64_t(C.At) + Source.Offset, std::gcd(C.Step, Source.Stride)));
    return;
  }
  // Element of the source minus any start of a piece: all that falls into [0, Size) of the buffer.
  int64_t At = int64_t(Source.Offset) - C.From;
  uint64_t Step = std::gcd(C.Step, Source.Stride);
  if (!Step) {
    // The cell may begin before the piece, when the piece is not aligned.
    if (At > -8 && (C.Size == UnknownSize || At < int64_t(C.Size)))
      Flow(O.locate(C.To, At));
    return;
  }
  if (Step % 8 == 0 && At % 8 == 0) {
    int64_t First = ((At % int64_t(Step)) + Step) % Step;
    // A row that begins at an exact start is not copied from before it.
    if (!C.Step && At > First)
      First = At;
    if (C.Size != UnknownSize && (C.Size - First + Step - 1) / Step <= SpeltOut) {
      for (; First < int64_t(C.Size); First += Step)
        Flow(O.locate(C.To, First));
      return;
    }
    Flow(O.locate(C.To, First, Step));
    return;
  }
  Flow(O.locate(C.To, 0, 1));
}

void Memory::copyIn(LocationId From, uint64_t Size, ObjectId Buffer) {
  const Location P = O.place(From);
  if (O[P.Object].Kind == ObjectKind::Function)
    return;
  addCopy(P.Object, {Buffer, P.Offset, 0, P.Stride, Size, false});
}

void Memory::copyOut(ObjectId Buffer, LocationId To) {
  const Location P = O.place(To);
  if (O[P.Object].Kind == ObjectKind::Function || O[P.Object].ReadOnly)
    return;
  if (P.Object == Foreign) // External now has what was copied
    G.addEdge(readNode(Buffer, {0, 8, 0}), Given);
  addCopy(Buffer, {P.Object, 0, P.Offset, P.Stride, UnknownSize, true});
}

uint64_t Memory::bytes() const {
  uint64_t Sum = All.capacity() * sizeof(Contents) + Index.getMemorySize() + Known.getMemorySize();
  for (const Contents &C : All)
    Sum += C.Cells.capacity() * sizeof(Cell) + C.Copies.capacity() * sizeof(Copy);
  return Sum;
}

} // namespace capriccio::pointsto
