// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Scalar types form a tree in the metadata: "any pointer" above all kinds of pointers, "omnipotent char" above everything. Two may
// meet if one is above the other. Structures are lists of members with offsets; a union is a member of characters there.
#include "AccessTypes.h"
#include "llvm/IR/Constants.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Metadata.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSwitch.h"

using namespace llvm;

namespace capriccio::pointsto {

StringRef AccessTypes::nameOf(const MDNode *Type) {
  const auto *Name = Type->getNumOperands() ? dyn_cast_or_null<MDString>(Type->getOperand(0)) : nullptr;
  return Name ? Name->getString() : StringRef();
}

static const MDNode *parentOf(const MDNode *Type) {
  return Type->getNumOperands() >= 2 ? dyn_cast_or_null<MDNode>(Type->getOperand(1)) : nullptr;
}

static const MDNode *rootOf(const MDNode *Type) {
  while (const MDNode *Next = parentOf(Type))
    Type = Next;
  return Type;
}

bool AccessTypes::isCharacters(const MDNode *Type) { return nameOf(Type) == "omnipotent char"; }

/// Bytes of a scalar of C; 0 for structures. A structure of one member looks like a scalar but for its name.
unsigned AccessTypes::scalarSize(const MDNode *Type) {
  StringRef Name = nameOf(Type);
  if (Name == "any pointer" || Name == "vtable pointer" || (Name.starts_with("any p") && Name.ends_with(" pointer")) || (Name.size() > 2 && Name[0] == 'p' && llvm::isDigit(Name[1]) && Name.contains(' ')))
    return 8;
  return StringSwitch<unsigned>(Name)
      .Cases({"bool", "_Bool"}, 1)
      .Cases({"short", "half", "__bf16"}, 2)
      .Cases({"int", "float", "wchar_t"}, 4)
      .Cases({"long", "long long", "double"}, 8)
      .Cases({"__int128", "long double"}, 16)
      .Default(0);
}

static uint64_t numberAt(const MDNode *N, unsigned Operand) {
  const auto *C = mdconst::dyn_extract_or_null<ConstantInt>(N->getOperand(Operand));
  return C ? C->getZExtValue() : 0;
}

/// All pointers are of one class: void * in one structure is often something better in the other.
const MDNode *AccessTypes::classOf(const MDNode *Scalar) {
  const MDNode *Parent = parentOf(Scalar);
  while (Parent && !isCharacters(Parent) && scalarSize(Parent)) {
    Scalar = Parent;
    Parent = parentOf(Scalar);
  }
  return Scalar;
}

const AccessTypes::Leaves &AccessTypes::leaves(const MDNode *Type) const {
  auto [It, New] = LeavesOf.try_emplace(Type);
  if (!New)
    return It->second;
  Leaves All;
  for (unsigned I = 1; I + 1 < Type->getNumOperands(); I += 2) {
    const auto *Member = dyn_cast_or_null<MDNode>(Type->getOperand(I));
    uint64_t At = numberAt(Type, I + 1);
    if (!Member || isCharacters(Member))
      All.push_back({At, nullptr});
    else if (scalarSize(Member))
      All.push_back({At, classOf(Member)});
    else
      for (const Leaf &L : leaves(Member))
        All.push_back({At + L.Offset, L.Class});
  }
  return LeavesOf[Type] = std::move(All);
}

/// True if nothing up to the two members tells the structures apart.
bool AccessTypes::beginAlike(const Step &A, const Step &B) const {
  if (A.Offset != B.Offset)
    return false;
  // Copies, since working out one may move the other.
  const Leaves X = leaves(A.Type), Y = leaves(B.Type);
  size_t I = 0, K = 0;
  // What lies behind a leaf and before the next is further elements of an array, if it is not padding.
  auto Bridged = [](const Leaves &L, size_t Next, uint64_t At) {
    if (!Next)
      return true;
    const Leaf &Before = L[Next - 1];
    return !Before.Class || At >= Before.Offset + scalarSize(Before.Class);
  };
  while (true) {
    uint64_t AtX = I < X.size() ? X[I].Offset : UINT64_MAX, AtY = K < Y.size() ? Y[K].Offset : UINT64_MAX;
    uint64_t At = std::min(AtX, AtY);
    if (At > A.Offset)
      return true;
    if (AtX == AtY) {
      if (X[I].Class && Y[K].Class && X[I].Class != Y[K].Class)
        return false;
      ++I;
      ++K;
    } else if (AtX < AtY) {
      if (X[I].Class && !Bridged(Y, K, At))
        return false;
      ++I;
    } else {
      if (Y[K].Class && !Bridged(X, I, At))
        return false;
      ++K;
    }
  }
}

AccessTypes::Relation AccessTypes::members(const Access &A, const Access &B) const {
  auto Unknown = [](const Access &X) { return X.Path.empty() && X.Guesses.empty(); };
  if (Unknown(A) || Unknown(B))
    return Alike;
  Relation Best = Never;
  for (const Step &X : A.Path)
    for (const Step &Y : B.Path) {
      if (X.Type == Y.Type && X.Offset == Y.Offset)
        return Same;
      if (X.Type != Y.Type && beginAlike(X, Y))
        Best = Alike;
    }
  auto Maybe = [&](const SmallVectorImpl<Step> &Guesses, const Access &Other) {
    for (const Step &X : Guesses)
      for (const auto &List : {ArrayRef<Step>(Other.Path), ArrayRef<Step>(Other.Guesses)})
        for (const Step &Y : List)
          if (X.Type == Y.Type ? X.Offset == Y.Offset : beginAlike(X, Y))
            return true;
    return false;
  };
  return Best == Never && (Maybe(A.Guesses, B) || Maybe(B.Guesses, A)) ? Alike : Best;
}

bool AccessTypes::fits(AccessType A, int64_t Offset, uint64_t Size) const {
  if (Size == UINT64_MAX)
    return true;
  if (!Accesses[A].Guesses.empty())
    return true;
  for (const Step &S : Accesses[A].Path) {
    const Leaves &L = leaves(S.Type);
    uint64_t Least = L.empty() ? 0 : L.back().Offset + (L.back().Class ? scalarSize(L.back().Class) : 1);
    if (Offset >= int64_t(S.Offset) && Offset - S.Offset + Least <= Size)
      return true;
  }
  return Accesses[A].Path.empty();
}

AccessType AccessTypes::of(const Instruction &I) {
  const MDNode *Tag = I.getMetadata(LLVMContext::MD_tbaa);
  // Struct-path tags only: (base type, access type, offset). A type is (name, parent, offset); what has more is a structure.
  if (!Tag || Tag->getNumOperands() < 3)
    return 0;
  const auto *Type = dyn_cast_or_null<MDNode>(Tag->getOperand(1));
  if (!Type || Type->getNumOperands() < 2 || Type->getNumOperands() > 3)
    return 0;
  if (nameOf(Type).empty() || isCharacters(Type) || !parentOf(Type))
    return 0;
  auto [It, New] = Numbers.try_emplace(Tag, 0);
  if (!New || Accesses.size() >= UINT16_MAX)
    return It->second;
  It->second = Accesses.size();
  Access A;
  A.Scalar = Type;
  for (const MDNode *T = Type; T; T = parentOf(T))
    if (nameOf(T) == "any pointer")
      AnyPointer = T;
  const auto *Base = dyn_cast_or_null<MDNode>(Tag->getOperand(0));
  uint64_t Offset = numberAt(Tag, 2);
  while (Base && Base != Type && !scalarSize(Base) && !isCharacters(Base) && Base->getNumOperands() >= 3 &&
         isa_and_nonnull<MDNode>(Base->getOperand(1))) {
    A.Path.push_back({Base, Offset});
    learn(Base);
    const MDNode *Member = nullptr;
    uint64_t At = 0;
    for (unsigned K = 1; K + 1 < Base->getNumOperands() && numberAt(Base, K + 1) <= Offset; K += 2) {
      Member = dyn_cast_or_null<MDNode>(Base->getOperand(K));
      At = numberAt(Base, K + 1);
    }
    Base = Member;
    Offset -= At;
  }
  Accesses.push_back(std::move(A));
  return It->second;
}

/// `A` is the larger number.
AccessTypes::Relation AccessTypes::workOut(AccessType A, AccessType B) const {
  if (Known.size() <= A)
    Known.resize(Accesses.size());
  Known[A].resize(A, Unasked); // with types that came later, more than once
  const Access &X = Accesses[A], &Y = Accesses[B];
  auto Above = [&](const MDNode *High, const MDNode *Low) {
    for (; Low; Low = parentOf(Low))
      if (Low == High)
        return true;
    return false;
  };
  // Trees of two languages say nothing about each other.
  Relation R = Never;
  if (rootOf(X.Scalar) != rootOf(Y.Scalar))
    R = Alike;
  else if (Above(X.Scalar, Y.Scalar) || Above(Y.Scalar, X.Scalar))
    R = members(X, Y);
  return Known[A][B] = R;
}

} // namespace capriccio::pointsto
