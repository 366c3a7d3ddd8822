// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Keeps callees with large frames out of line where a thread could pay for them. Runs before the inliner of the link.
#ifndef CAPRICCIO_INLINELIMIT_H
#define CAPRICCIO_INLINELIMIT_H

#include "llvm/IR/Module.h"
#include <cstdint>

namespace capriccio {

/// Sets on each function the bytes of locals that a callee may bring when it is inlined there: `Limit`, or the function's own where
/// these are more. Lifts the limit from functions that can't matter: those that never block, and that no function that may block
/// calls by name. 0: lifts it from all. Functions that are inlined by demand (always_inline) are, whatever their size.
void limitInlining(llvm::Module &M, uint64_t Limit);

} // namespace capriccio

#endif
