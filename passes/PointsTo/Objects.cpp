// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Numbers locations and does their arithmetic. Rows are kept few: two strides meet in their greatest common divisor, and a
// stride that is no multiple of 8 could put a pointer anywhere, so it counts as 1.
#include "Objects.h"
#include "llvm/IR/Instructions.h"
#include "llvm/Support/MathExtras.h"
#include <numeric>

using namespace llvm;

namespace capriccio::pointsto {

// Of objects of unknown size, and of large buffers, this many places are told apart; the largest structures of SQLite and
// httpd have known sizes. Rows of one object differ in so many strides at most, and begin at so many places.
static constexpr unsigned MostExact = 32, MostOdd = 4, MostRows = 12;

Objects::Objects() {
  ObjectId O = add(ObjectKind::External, UnknownSize, nullptr);
  LocationId L = locate(O, 0, 1);
  assert(O == Foreign && L == External && "these come first");
  (void)O;
  (void)L;
}

unsigned Objects::budget(ObjectId O, unsigned Least) const {
  const Object &Obj = All[O];
  if (Obj.Size == UnknownSize || (Obj.Kind != ObjectKind::Global && Obj.Size > 8192))
    return Least;
  if (const auto *A = dyn_cast_or_null<AllocaInst>(Obj.Site))
    if (auto *Ty = dyn_cast<ArrayType>(A->getAllocatedType()); Ty && Ty->getElementType()->isIntegerTy(8))
      return Least; // a buffer
  return std::max<uint64_t>(Least, std::min<uint64_t>(Obj.Size / 4, 60000));
}

ObjectId Objects::add(ObjectKind Kind, uint64_t Size, const Value *Site) {
  Object O;
  O.Kind = Kind;
  O.Size = Size;
  O.Site = Site;
  All.push_back(O);
  return All.size() - 1;
}

static constexpr uint64_t WholeBlock = (uint64_t(1) << BlockSize) - 1;

/// Locations for `O`, or for a few functions.
LocationId Objects::block(ObjectId O) {
  LocationId First = Places.size();
  const bool Shared = All[O].Kind == ObjectKind::Function;
  Places.resize(First + BlockSize, {O, 0, Shared ? 0u : 1u});
  GivenBits.resize(Places.size() / 64 + 1);
  if (!Shared)
    All[O].Blocks.push_back(First);
  if (All[O].Given && !Shared)
    GivenBits[First / 64] |= WholeBlock << First % 64;
  return First;
}

void Objects::give(ObjectId O) {
  if (O == Foreign || All[O].Given)
    return;
  All[O].Given = true;
  const uint64_t Bits = All[O].Kind == ObjectKind::Function ? 1 : WholeBlock;
  for (LocationId L : All[O].Blocks)
    GivenBits[L / 64] |= Bits << L % 64;
}

LocationId Objects::locate(ObjectId O, int64_t Offset, uint64_t Stride) {
  if (O == Foreign && All[O].Anywhere != None)
    return External;
  if (Stride > INT32_MAX)
    Stride = 1;
  if (!isInt<32>(Offset)) {
    Offset = 0;
    Stride = 1;
  }
  if (All[O].Kind == ObjectKind::Function && (Offset || Stride)) {
    Offset = 0; // a tagged function pointer, at most
    Stride = 0;
  }
  // A row whose second element would begin behind the end is no row. At the end is no error: pointers may stop there.
  if (Stride > 1 && All[O].Size != UnknownSize && Offset >= 0 && uint64_t(Offset) + Stride > All[O].Size)
    Stride = 0;
  auto Key = [&] { return std::pair<uint64_t, uint32_t>(uint64_t(O) << 32 | uint32_t(Offset), uint32_t(Stride)); };
  auto Found = Numbers.find(Key());
  if (Found != Numbers.end())
    return Found->second;
  Object &Obj = All[O];
  if (Obj.Kind == ObjectKind::Function) {
    if (NextFunction == FunctionEnd) {
      NextFunction = block(O) + 1; // the first of a block is not for a function: it would stand for its neighbours
      FunctionEnd = NextFunction - 1 + BlockSize;
    }
    Places[NextFunction] = {O, 0, 0};
    Obj.Blocks.push_back(NextFunction);
    if (Obj.Given)
      GivenBits[NextFunction / 64] |= uint64_t(1) << NextFunction % 64;
    return Numbers[Key()] = NextFunction++;
  }
  if (Obj.Anywhere == None) {
    Obj.Anywhere = block(O);
    Obj.NextLocation = Obj.Anywhere + 1;
    Obj.BlockEnd = Obj.Anywhere + BlockSize;
  }
  if (!Stride && (Obj.Exact >= budget(O, MostExact) || (Offset % 8 && Obj.Odd >= MostOdd)))
    return Obj.Anywhere;
  if (Stride) {
    bool Fits = false;
    for (uint32_t &S : Obj.Strides) {
      if (!S)
        S = Stride;
      if ((Fits = S == Stride))
        break;
    }
    if (!Fits) {
      // The first is the one that the object was made with, as a rule.
      Stride = std::gcd(Stride, uint64_t(Obj.Strides[0]));
      if (Stride % 8 == 0 && Stride != Obj.Strides[0] && Stride != Obj.Strides[1])
        Obj.Strides[1] = Stride;
    }
    if (Stride % 8 || (Stride == 8 && Offset < 8))
      return Obj.Anywhere;
    if (Obj.Rows >= MostRows) {
      int64_t S = Stride;
      Offset = ((Offset % S) + S) % S;
      if (Obj.Rows >= 4 * MostRows)
        return Obj.Anywhere;
    }
  }
  auto [It, New] = Numbers.try_emplace(Key(), 0);
  if (!New)
    return It->second;
  ++(Stride ? Obj.Rows : Obj.Exact);
  Obj.Odd += !Stride && Offset % 8;
  if (Obj.NextLocation == Obj.BlockEnd) {
    Obj.NextLocation = block(O) + 1;
    Obj.BlockEnd = Obj.NextLocation - 1 + BlockSize;
  }
  LocationId L = Obj.NextLocation++;
  Places[L] = {O, int32_t(Offset), uint32_t(Stride)};
  It->second = L;
  return L;
}

LocationId Objects::advance(LocationId L, int64_t Offset, uint64_t Stride, bool Forward) {
  if (!Offset && !Stride)
    return L;
  if (L == External)
    return L;
  const Location P = Places[L];
  int64_t To = int64_t(P.Offset) + Offset;
  const Object &Obj = All[P.Object];
  if (!P.Stride && !Stride) {
    // Constant parts of an index expression may lead outside, but are folded with the variable part before they get here. What
    // is left are one-based arrays; and walks through objects that the pointer cannot have meant.
    if (Obj.Size != UnknownSize && Obj.Kind != ObjectKind::Function && (To > int64_t(Obj.Size) || To < -1024))
      return None;
    return locate(P.Object, To);
  }
  uint64_t Step = std::gcd(uint64_t(P.Stride), Stride);
  // A whole number of elements on is still in the row, which has no end.
  if (Step % 8 == 0 && Offset > 0 && P.Stride)
    To = P.Offset + Offset % int64_t(Step);
  if (Step % 8)
    Step = 1;
  if (!Forward || To < 0) {
    int64_t S = Step;
    To = ((To % S) + S) % S;
  }
  return locate(P.Object, To, Step);
}

uint64_t Objects::bytes() const {
  return All.capacity() * sizeof(Object) + Places.capacity() * sizeof(Location) +
         Numbers.getMemorySize();
}

} // namespace capriccio::pointsto
