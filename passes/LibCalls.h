// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Operations that code generation turns into calls of the C library on its own (frem into fmod, llvm.sin into sin).
#ifndef CAPRICCIO_LIBCALLS_H
#define CAPRICCIO_LIBCALLS_H

#include "Externals.h"
#include "FrameSizes.h"

namespace capriccio {

/// Makes such operations explicit calls where `Frames` shows that code generation called a function without a bound. Returns
/// the names of the functions that it changed: their new calls have to be lowered, and their frames measured again.
llvm::StringSet<> makeLibCallsExplicit(llvm::Module &M, const FrameTable &Frames, const Externals &X);

} // namespace capriccio

#endif
