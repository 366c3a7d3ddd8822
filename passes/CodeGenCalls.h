// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Calls that code generation makes on its own, with no instruction of the module behind them (frem becomes fmod, an addition of
// __float128 __addtf3), where nothing bounds what the callee needs.
#ifndef CAPRICCIO_CODEGENCALLS_H
#define CAPRICCIO_CODEGENCALLS_H

#include "Externals.h"
#include "FrameSizes.h"

namespace capriccio {

/// Makes a borrow stub for each such call and notes in `Frames` that it is called in the function's place; the link's own code
/// generation does so (checkFinalFrames). A local function of such a name (`static memcpy`) gets another, so that the call means the
/// library's, as C says.
void borrowForCodeGenCalls(llvm::Module &M, FrameTable &Frames, const Externals &X);

} // namespace capriccio

#endif
