// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What capcc says of itself.
#ifndef CAPCC_HELP_H
#define CAPCC_HELP_H

#include "arena.h"
#include "paths.h"

/// Prints capcc's own flags to standard output; clang's help follows from clang.
void help_print(void);

/// Prints what clang prints for --version, with capcc's name and version added to the first line. Returns the exit
/// status.
int version_print(struct arena *arena, const struct strvec *clang_command);

#endif
