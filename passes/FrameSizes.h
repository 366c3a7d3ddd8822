// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Exact stack frames, from code generation itself. Two users of one recorder: before placement the module is generated on a
// copy and the frames are read off; in the link's own code generation each final frame is compared with what was assumed.
#ifndef CAPRICCIO_FRAMESIZES_H
#define CAPRICCIO_FRAMESIZES_H

#include "llvm/ADT/StringMap.h"
#include <string>
#include "llvm/IR/Module.h"
#include <cstdint>

namespace capriccio {

/// What code generation made of one function.
struct Frame {
  uint64_t Bytes = 0;           // below the return address, a true upper bound but for dynamic allocas
  llvm::StringMap<bool> Calls;  // what its calls name; true: by a bare symbol, as those are that code generation makes on its own
  uint64_t ArgBytes = 0;        // on the stack, at most, for a call of long double functions that code generation makes on its own
  llvm::StringMap<std::string> Through; // what it is to call in place of such a symbol
};

/// By symbol name. Functions with an empty body after code generation are present too.
using FrameTable = llvm::StringMap<Frame>;

/// Generates code for a copy of `M` (written to bitcode and read into a context of its own: a clone in the same context
/// was off for one function in two hundred) and returns every function's frame. `M` is not changed.
FrameTable measureFrames(const llvm::Module &M);

/// From now on each frame that this process generates is compared with `Assumed`, and calls what `Through` says; a larger frame,
/// or a function that is not in the table, ends the link.
void checkFinalFrames(FrameTable Assumed);

} // namespace capriccio

#endif
