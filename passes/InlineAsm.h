// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Inline assembly as far as the stack is concerned: none of its bytes are in the frame that code generation reports.
#ifndef CAPRICCIO_INLINEASM_H
#define CAPRICCIO_INLINEASM_H

#include "llvm/IR/InstrTypes.h"
#include <cstdint>

namespace capriccio {

/// Bytes below rsp that the assembly pushes at most. Ends the link, naming the source line, if it calls, or moves rsp in a
/// way that is not a fixed number of pushes and pops.
uint64_t inlineAsmBytes(const llvm::CallBase &Site);

} // namespace capriccio

#endif
