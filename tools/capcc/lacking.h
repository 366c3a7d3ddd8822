// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Whether an object's bitcode is still all of the object. objcopy changes symbols of the machine code, and `ld -r` adds the code of
// objects that have no bitcode; what is linked is the bitcode, in which the names are what they were and that code is missing.
#ifndef CAPCC_LACKING_H
#define CAPCC_LACKING_H

#include "arena.h"
#include "file_map.h"

/// The name of a function, variable or constructor that the object's machine code defines and `bitcode`, the object's own, does not;
/// null if there is none, or the bitcode has no table of symbols that can be read.
const char *lacking_symbol(struct arena *arena, struct bytes object, struct bytes bitcode);

#endif
