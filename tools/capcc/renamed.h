// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Whether somebody has changed an object's symbols since it was compiled. objcopy changes those of the machine code; what is linked
// is the bitcode, in which they are what they were.
#ifndef CAPCC_RENAMED_H
#define CAPCC_RENAMED_H

#include "arena.h"
#include "file_map.h"

/// The name of a function or variable that the object's machine code defines for other objects and of which `bitcode`, the object's own,
/// knows nothing; null if there is none, or the bitcode has no table of symbols that can be read.
const char *renamed_symbol(struct arena *arena, struct bytes object, struct bytes bitcode);

#endif
