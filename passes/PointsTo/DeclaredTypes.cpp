// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a variable was declared as, for the pointers in its initialiser, which have no alias metadata. All that is left of the
// declaration is the LLVM type, and its name says little: initialisers with padding or unions have types without a name, and linking makes
// one type of two that look the same. So a structure of the metadata is meant if its layout is that of the LLVM type: each pointer at
// the same place. One that is alone in that, or has the name too, is taken to be the one; of several without, each may be.
#include "AccessTypes.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/IR/DerivedTypes.h"
#include "llvm/IR/Metadata.h"

using namespace llvm;

namespace capriccio::pointsto {

void AccessTypes::learn(const MDNode *Type) {
  if (KnownStructures.insert(Type).second) {
    Structures.push_back(Type);
    Declared.clear();
    Layouts.clear();
  }
}

/// "struct.NAME" and "struct.NAME.12" without their ends; empty for anything else.
static StringRef nameInC(StructType *Struct) {
  StringRef Name = Struct->hasName() ? Struct->getName() : StringRef();
  if (!Name.consume_front("struct."))
    return StringRef();
  auto [Front, Back] = Name.rsplit('.');
  return !Back.empty() && all_of(Back, isDigit) ? Front : Name;
}

/// The scalars of a type, of arrays the first element's only. `Inside`: where the structures begin that `At` lies in.
void AccessTypes::flatten(Type *Ty, uint64_t At, SmallVectorImpl<uint64_t> &Inside, const DataLayout &DL, std::vector<Scalar> &Out) {
  if (auto *A = dyn_cast<ArrayType>(Ty)) {
    if (A->getNumElements() && !A->getElementType()->isIntegerTy(8))
      flatten(A->getElementType(), At, Inside, DL, Out);
    return;
  }
  auto *S = dyn_cast<StructType>(Ty);
  if (!S) {
    Out.push_back({At, Ty, SmallVector<uint64_t, 2>(Inside.begin() + 1, Inside.end())});
    return;
  }
  const StructLayout *Layout = DL.getStructLayout(S);
  Inside.push_back(At);
  for (unsigned I = 0; I != S->getNumElements(); ++I)
    flatten(S->getElementType(I), At + Layout->getElementOffset(I), Inside, DL, Out);
  Inside.pop_back();
}

bool AccessTypes::looksLike(const MDNode *Type, ArrayRef<Scalar> Scalars, uint64_t Size) const {
  const Leaves &L = leaves(Type);
  if (L.empty() || L.back().Offset >= Size)
    return false;
  auto IsPointer = [](const MDNode *Class) { return scalarSize(Class) == 8 && nameOf(Class).contains("pointer"); };
  size_t I = 0;
  for (const Scalar &S : Scalars) {
    while (I + 1 < L.size() && L[I + 1].Offset <= S.Offset)
      ++I;
    const Leaf &Here = L[I];
    const bool Exact = Here.Offset == S.Offset;
    if (S.Ty->isPointerTy()) {
      // A union is a structure here, and characters there.
      if (Here.Class ? !Exact || !IsPointer(Here.Class) : !is_contained(S.Inside, Here.Offset))
        return false;
    } else if (Exact && Here.Class && S.Ty->isIntegerTy() && (IsPointer(Here.Class) || 8 * scalarSize(Here.Class) != S.Ty->getIntegerBitWidth())) {
      return false;
    }
  }
  return true;
}

const AccessTypes::Layout &AccessTypes::layoutOf(StructType *Struct, const DataLayout &DL) {
  auto [It, New] = Layouts.try_emplace(Struct);
  if (!New)
    return It->second;
  std::vector<Scalar> Scalars;
  SmallVector<uint64_t, 4> Inside;
  flatten(Struct, 0, Inside, DL, Scalars);
  Layout &Found = It->second;
  StringRef Name = nameInC(Struct);
  for (const MDNode *Type : Structures)
    if (looksLike(Type, Scalars, DL.getTypeAllocSize(Struct)))
      (!Name.empty() && nameOf(Type) == Name ? Found.Sure : Found.Maybe).push_back(Type);
  if (Found.Sure.empty() && Found.Maybe.size() == 1)
    std::swap(Found.Sure, Found.Maybe);
  return Found;
}

AccessType AccessTypes::declared(Type *Variable, uint64_t Offset, const DataLayout &DL) {
  if (!AnyPointer)
    return 0;
  auto [It, New] = Declared.try_emplace({Variable, Offset}, 0);
  if (!New)
    return It->second;
  Access A;
  A.Scalar = AnyPointer;
  Type *Ty = Variable;
  uint64_t At = Offset;
  while (!Ty->isPointerTy()) {
    if (auto *Array = dyn_cast<ArrayType>(Ty)) {
      Ty = Array->getElementType();
      uint64_t Size = DL.getTypeAllocSize(Ty);
      if (!Size)
        return 0;
      At %= Size;
      continue;
    }
    auto *Struct = dyn_cast<StructType>(Ty);
    if (!Struct || At >= DL.getTypeAllocSize(Struct) || (Struct->hasName() && Struct->getName().starts_with("union.")))
      return 0;
    const Layout &Like = layoutOf(Struct, DL);
    for (const MDNode *Type : Like.Sure)
      A.Path.push_back({Type, At});
    for (const MDNode *Type : Like.Maybe)
      A.Guesses.push_back({Type, At});
    const StructLayout *Places = DL.getStructLayout(Struct);
    unsigned I = Places->getElementContainingOffset(At);
    Ty = Struct->getElementType(I);
    At -= Places->getElementOffset(I);
  }
  if (At || Accesses.size() >= UINT16_MAX)
    return 0;
  // A union: its members are accessed without a type, or through a pointer to what lies in it, which is a step of its own.
  auto Union = [&](const Step &S) { return isInCharacters(S); };
  const bool InUnion = any_of(A.Path, Union) || any_of(A.Guesses, Union);
  erase_if(A.Path, Union);
  erase_if(A.Guesses, Union);
  if (InUnion && A.Path.empty() && A.Guesses.empty())
    return 0;
  // In no structure that is ever accessed as such: no access through a structure is meant.
  if (A.Path.empty() && A.Guesses.empty())
    A.Path.push_back({AnyPointer, UINT64_MAX});
  if (A.Path.size() == 1 && A.Path[0].Offset == UINT64_MAX && Plain)
    return It->second = Plain;
  It->second = Accesses.size();
  if (A.Path.size() == 1 && A.Path[0].Offset == UINT64_MAX)
    Plain = Accesses.size();
  Accesses.push_back(std::move(A));
  return It->second;
}

bool AccessTypes::isInCharacters(const Step &S) const {
  const Leaf *Last = nullptr;
  const Leaves &L = leaves(S.Type);
  for (const Leaf &Here : L)
    if (Here.Offset <= S.Offset)
      Last = &Here;
  return Last && !Last->Class;
}

} // namespace capriccio::pointsto
