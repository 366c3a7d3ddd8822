// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// alloca and variable-length arrays: stack that is asked for while the program runs, so no frame holds it.
#ifndef CAPRICCIO_DYNAMICALLOCA_H
#define CAPRICCIO_DYNAMICALLOCA_H

#include "llvm/IR/Instructions.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/MathExtras.h"
#include <vector>

namespace capriccio {

/// One rewritten dynamic alloca. `Room` operands hold the bytes that its function may need below the allocated block; they
/// are known only after Placement.
struct RoomUse {
  llvm::Instruction *User;
  unsigned Operand;
};

/// Puts allocas of a fixed size in front of everything else in their entry block. Without optimization clang leaves them where the
/// program says alloca(100); an edit that splits the block above one would make it dynamic.
void gatherStaticAllocas(llvm::Module &M);

struct DynamicAllocas {
  llvm::DenseMap<llvm::Function *, std::vector<RoomUse>> Rooms;
  unsigned Sites = 0;

  /// Guards every dynamic alloca of `M` by a check against the limit.
  explicit DynamicAllocas(llvm::Module &M);

  /// Bytes that a function of this depth asks for below an allocated block: all that it needs below its frame is less.
  static uint64_t roomFor(uint64_t Depth) { return llvm::alignTo(Depth, 16) + 32; }

  /// Fills in the bytes for one function.
  void setRoom(llvm::Function &F, uint64_t Bytes);
};

} // namespace capriccio

#endif
