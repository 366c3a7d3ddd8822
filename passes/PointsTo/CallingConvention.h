// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which functions a call can possibly be meant for, by what the System V calling convention lets go through.
#ifndef CAPRICCIO_POINTSTO_CALLINGCONVENTION_H
#define CAPRICCIO_POINTSTO_CALLINGCONVENTION_H

#include "llvm/IR/InstrTypes.h"

namespace capriccio::pointsto {

/// True if every parameter that `F` reads gets a value from the call. More arguments than parameters, fewer where the rest
/// is not read, another return type: all that works in C programs, and is accepted.
bool accepts(const llvm::Function &F, const llvm::CallBase &Site);

} // namespace capriccio::pointsto

#endif
