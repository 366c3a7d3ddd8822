// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef CAPRICCIO_STUBUNWIND_H
#define CAPRICCIO_STUBUNWIND_H

#include "llvm/IR/Module.h"

namespace capriccio {

/// Whether stubs have their unwind information from describeStubs. With debug information code generation describes every
/// function, whatever its attributes.
bool describedTogether(const llvm::Module &M);

/// Writes the unwind information of all stubs, one entry for each section of them. Call it when no stub will be added.
void describeStubs(llvm::Module &M);

} // namespace capriccio

#endif
