// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Classes of memory accesses by the type and the structure member that they access, from LLVM's type-based alias metadata. What
// is stored as one type is not loaded as another that C's aliasing rules keep apart, nor what is stored to one member loaded
// from another. The compiler has relied on the same rules already, and code that is compiled with -fno-strict-aliasing has no
// such metadata. One thing is allowed beyond the rules, since C programs build their inheritance on it: two structures that
// begin alike may be used for each other up to where they differ, whether a union joins them or not.
#ifndef CAPRICCIO_POINTSTO_ACCESSTYPES_H
#define CAPRICCIO_POINTSTO_ACCESSTYPES_H

#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/IR/DataLayout.h"
#include "llvm/IR/Instruction.h"
#include <cstdint>
#include <vector>

namespace capriccio::pointsto {

using AccessType = uint16_t; // 0: any type

class AccessTypes {
  /// A structure, from the outermost inwards, and where in it the access lies.
  struct Step {
    const llvm::MDNode *Type;
    uint64_t Offset; // bytes
  };
  struct Access {
    const llvm::MDNode *Scalar = nullptr;
    llvm::SmallVector<Step, 2> Path; // empty: no structure is known
    llvm::SmallVector<Step, 0> Guesses; // it may lie in one of these, too
  };
  struct Leaf {
    uint64_t Offset; // bytes
    const llvm::MDNode *Class; // null: characters, which may be anything
  };
  using Leaves = std::vector<Leaf>; // of a structure, by offset; of an array member only the first element

  llvm::DenseMap<const llvm::MDNode *, AccessType> Numbers; // by tag
  std::vector<Access> Accesses = {Access()};
public:
  /// How a value stored as one type may be loaded as another: not at all; as C's rules have it, through a pointer of another
  /// type or in another structure that begins alike; or from that member of that structure itself.
  enum Relation : uint8_t { Unasked, Never, Alike, Same };

private:
  mutable std::vector<std::vector<Relation>> Known; // by the larger number, then the smaller
  mutable llvm::DenseMap<const llvm::MDNode *, Leaves> LeavesOf;

  static llvm::StringRef nameOf(const llvm::MDNode *Type);
  static bool isCharacters(const llvm::MDNode *Type);
  static unsigned scalarSize(const llvm::MDNode *Type);
  static const llvm::MDNode *classOf(const llvm::MDNode *Scalar);
  const Leaves &leaves(const llvm::MDNode *Type) const;
  bool beginAlike(const Step &A, const Step &B) const;
  Relation members(const Access &A, const Access &B) const;
  Relation workOut(AccessType A, AccessType B) const;

  // Of DeclaredTypes.cpp: all structures that are accessed, those that an LLVM type may be, and types by type of a variable and
  // offset in it.
  struct Layout {
    llvm::SmallVector<const llvm::MDNode *, 1> Sure, Maybe;
  };
  std::vector<const llvm::MDNode *> Structures;
  llvm::DenseSet<const llvm::MDNode *> KnownStructures;
  llvm::DenseMap<const llvm::StructType *, Layout> Layouts;
  llvm::DenseMap<std::pair<const llvm::Type *, uint64_t>, AccessType> Declared;
  AccessType Plain = 0; // in no structure
  const llvm::MDNode *AnyPointer = nullptr;
  void learn(const llvm::MDNode *Type);
  struct Scalar {
    uint64_t Offset; // bytes; of array elements that of the first
    llvm::Type *Ty;
    llvm::SmallVector<uint64_t, 2> Inside; // where the structures begin that it is in, the outermost apart
  };
  static void flatten(llvm::Type *Ty, uint64_t At, llvm::SmallVectorImpl<uint64_t> &Inside, const llvm::DataLayout &DL,
                      std::vector<Scalar> &Out);
  bool looksLike(const llvm::MDNode *Type, llvm::ArrayRef<Scalar> Scalars, uint64_t Size) const;
  const Layout &layoutOf(llvm::StructType *Struct, const llvm::DataLayout &DL);
  bool isInCharacters(const Step &S) const;

public:
  AccessType of(const llvm::Instruction &I);
  /// True if a value stored as `A` can be loaded as `B`.
  bool mayMeet(AccessType A, AccessType B) const { return !A || !B || relation(A, B) != Never; }
  /// Neither is 0.
  Relation relation(AccessType A, AccessType B) const {
    if (A == B)
      return Same;
    if (A < B)
      std::swap(A, B);
    if (A < Known.size() && B < Known[A].size() && Known[A][B] != Unasked)
      return Known[A][B];
    return workOut(A, B);
  }
  size_t count() const { return Accesses.size(); }
  /// False for numbers, and for pointers that are known to be to data.
  bool mayBeFunction(AccessType A) const { return !A || nameOf(Accesses[A].Scalar) == "any pointer"; }
  bool inStructure(AccessType A) const { return !Accesses[A].Path.empty() || !Accesses[A].Guesses.empty(); }
  /// False if an access of this type, 8 bytes at `Offset` of an object of `Size` bytes, would be to a structure that does not fit there.
  bool fits(AccessType A, int64_t Offset, uint64_t Size) const;
  /// As what a pointer at `Offset` of a variable of this type, as it is initialised, may be loaded: 0 if that is not known.
  AccessType declared(llvm::Type *Variable, uint64_t Offset, const llvm::DataLayout &DL);
};

} // namespace capriccio::pointsto

#endif
