// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// capstack tree. See TreeCommand.cpp.

#ifndef CAPSTACK_TREECOMMAND_H
#define CAPSTACK_TREECOMMAND_H

#include "llvm/ADT/ArrayRef.h"

namespace capstack {

/// Runs `capstack tree` with the arguments that follow the word. Returns the exit status: 0 the paths were printed, 1 the file or
/// the output failed, 2 the arguments are wrong.
int treeCommand(llvm::ArrayRef<const char *> Arguments);

} // namespace capstack

#endif
