// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Classes of memory accesses by the type that they access, from LLVM's type-based alias metadata: what is stored as one type is
// not loaded as another that C's aliasing rules keep apart. The compiler has relied on the same rules already, and code that
// is compiled with -fno-strict-aliasing has no such metadata. Only the type of the value counts here, not the structure
// around it: real programs do read a member of one structure through a similar other one.
#ifndef CAPRICCIO_POINTSTO_ACCESSTYPES_H
#define CAPRICCIO_POINTSTO_ACCESSTYPES_H

#include "llvm/ADT/DenseMap.h"
#include "llvm/IR/Instruction.h"
#include <cstdint>
#include <vector>

namespace capriccio::pointsto {

using AccessType = uint16_t; // 0: any type

class AccessTypes {
  llvm::DenseMap<const llvm::MDNode *, AccessType> Numbers;
  std::vector<const llvm::MDNode *> Nodes = {nullptr};
  mutable llvm::DenseMap<uint32_t, bool> Known;

public:
  AccessType of(const llvm::Instruction &I);
  /// True if a value stored as `A` can be loaded as `B`.
  bool mayMeet(AccessType A, AccessType B) const;
};

} // namespace capriccio::pointsto

#endif
