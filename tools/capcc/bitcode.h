// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What kind of LTO a piece of LLVM bitcode was made for.
#ifndef CAPCC_BITCODE_H
#define CAPCC_BITCODE_H

#include "file_map.h"

#include <stdbool.h>

/// True if the bytes start like LLVM bitcode, plain or in its wrapper.
bool bitcode_is(struct bytes file);

/// The bitcode without its wrapper, if it has one.
struct bytes bitcode_unwrap(struct bytes file);

/// True if a module in `file` carries the summary that only -flto=thin writes. False for damaged bitcode, of which lld
/// says more than the driver could.
bool bitcode_is_thin(struct bytes file);

/// Blocks beside the module that hold nothing but bytes: the names of symbols, and the linker's table of them.
enum bitcode_block { BITCODE_STRTAB = 23, BITCODE_SYMTAB = 25 };

/// What is in the first such block of unwrapped bitcode; no bytes if it has none.
struct bytes bitcode_blob(struct bytes file, enum bitcode_block wanted);

/// The length of the first of several bitcode files that were put one after the other (as GNU ld -r does with
/// sections), or the size of `file` if there is only one or it cannot be read.
size_t bitcode_first_length(struct bytes file);

#endif
