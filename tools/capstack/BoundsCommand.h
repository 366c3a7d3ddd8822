// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// capstack bounds. See BoundsCommand.cpp.

#ifndef CAPSTACK_BOUNDSCOMMAND_H
#define CAPSTACK_BOUNDSCOMMAND_H

#include "llvm/ADT/ArrayRef.h"

namespace capstack {

/// Runs `capstack bounds` with the arguments that follow the word. Returns the exit status: 0 the table was printed,
/// 1 the file or the output failed, 2 the arguments are wrong.
int boundsCommand(llvm::ArrayRef<const char *> Arguments);

} // namespace capstack

#endif
