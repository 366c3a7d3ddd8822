// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The names that a piece of bitcode defines and those that it only declares.
#ifndef CAPCC_BITCODE_SYMBOLS_H
#define CAPCC_BITCODE_SYMBOLS_H

#include "arena.h"
#include "file_map.h"

#include <stdbool.h>

/// Sorted names, as they are in machine code; owner of the lists is the arena, of the bytes the bitcode.
struct bitcode_symbols {
    struct bytes *defined, *declared;
    size_t defined_count, declared_count;
    bool joined; ///< by llvm-link, from several modules
};

/// Reads the linker's table of unwrapped bitcode. False if it has none that can be read.
bool bitcode_symbols_read(struct arena *arena, struct bytes bitcode, struct bitcode_symbols *symbols);

bool bitcode_defines(const struct bitcode_symbols *symbols, struct bytes name);
bool bitcode_declares(const struct bitcode_symbols *symbols, struct bytes name);

/// True if the text of assembly somewhere in the bitcode has the label `name`. LLVM's table has those of assembly outside of functions
/// only.
bool bitcode_has_label(struct arena *arena, struct bytes bitcode, struct bytes name);

#endif
