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
  };
  struct Leaf {
    uint64_t Offset; // bytes
    const llvm::MDNode *Class; // null: characters, which may be anything
  };
  using Leaves = std::vector<Leaf>; // of a structure, by offset; of an array member only the first element

  llvm::DenseMap<const llvm::MDNode *, AccessType> Numbers; // by tag
  std::vector<Access> Accesses = {Access()};
  enum Answer : uint8_t { Unasked, No, Yes };
  mutable std::vector<std::vector<Answer>> Known; // by the larger number, then the smaller
  mutable llvm::DenseMap<const llvm::MDNode *, Leaves> LeavesOf;

  const Leaves &leaves(const llvm::MDNode *Type) const;
  bool beginAlike(const Step &A, const Step &B) const;
  bool sameMember(const Access &A, const Access &B) const;
  bool workOut(AccessType A, AccessType B) const;

public:
  AccessType of(const llvm::Instruction &I);
  /// True if a value stored as `A` can be loaded as `B`.
  bool mayMeet(AccessType A, AccessType B) const {
    if (!A || !B || A == B)
      return true;
    if (A < B)
      std::swap(A, B);
    if (A < Known.size() && B < Known[A].size() && Known[A][B] != Unasked)
      return Known[A][B] == Yes;
    return workOut(A, B);
  }
};

} // namespace capriccio::pointsto

#endif
