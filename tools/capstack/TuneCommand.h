// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// `capstack tune`: what a profile of a run says of MaxPath and MinChunk, and of the calls that cost most.
#ifndef CAPSTACK_TUNECOMMAND_H
#define CAPSTACK_TUNECOMMAND_H

#include "llvm/ADT/ArrayRef.h"

namespace capstack {

/// Takes the arguments after the command's name; returns the exit status.
int tuneCommand(llvm::ArrayRef<const char *> Arguments);

} // namespace capstack

#endif
