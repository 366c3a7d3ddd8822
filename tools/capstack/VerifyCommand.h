// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// capstack verify. See VerifyCommand.cpp.

#ifndef CAPSTACK_VERIFYCOMMAND_H
#define CAPSTACK_VERIFYCOMMAND_H

#include "llvm/ADT/ArrayRef.h"

namespace capstack {

/// Runs `capstack verify` with the arguments that follow the word. Returns the exit status: 0 nothing is wrong, 1 something is, or
/// the file cannot be read, 2 the arguments are wrong.
int verifyCommand(llvm::ArrayRef<const char *> Arguments);

} // namespace capstack

#endif
