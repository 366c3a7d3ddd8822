// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Exact stack frames, from code generation itself. Two users of one recorder: before placement the module is generated on a
// copy and the frames are read off; in the link's own code generation each final frame is compared with what was assumed.
#ifndef CAPRICCIO_FRAMESIZES_H
#define CAPRICCIO_FRAMESIZES_H

#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/IR/Module.h"
#include <cstdint>

namespace capriccio {

/// What code generation made of one function.
struct Frame {
  uint64_t Bytes = 0;           // below the return address, a true upper bound but for dynamic allocas
  llvm::StringSet<> Calls;      // symbols that its call instructions name
};

/// By symbol name. Functions with an empty body after code generation are present too.
using FrameTable = llvm::StringMap<Frame>;

/// Generates code for a copy of `M` (written to bitcode and read into a context of its own: a clone in the same context
/// was off for one function in two hundred) and returns every function's frame. `M` is not changed.
FrameTable measureFrames(const llvm::Module &M);

/// The same for some functions only, replacing their entries in `Frames`. Code generation looks at one function at a time, so the
/// bodies of the others are left out of the copy.
void measureAgain(const llvm::Module &M, const llvm::StringSet<> &Names, FrameTable &Frames);

/// From now on each frame that this process generates is compared with `Assumed`; a larger one, or a function that is
/// not in the table, ends the link.
void checkFinalFrames(FrameTable Assumed);

} // namespace capriccio

#endif
