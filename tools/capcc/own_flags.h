// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The flags that are capcc's own.
#ifndef CAPCC_OWN_FLAGS_H
#define CAPCC_OWN_FLAGS_H

#include "parse.h"

/// Sizes that hold when the line names none; why these, see docs/capcc.md.
#define DEFAULT_MAX_PATH 2048
#define DEFAULT_MIN_CHUNK 512
/// A chunk below 256 bytes holds no frame; a path above 1 MiB needs no linked stacks.
#define SMALLEST_BYTES 256
#define LARGEST_BYTES 1048576
/// Below 64 bytes hardly anything that has a local variable would be inlined.
#define DEFAULT_INLINE_LIMIT 256
#define SMALLEST_INLINE_LIMIT 64

/// Takes `text` if it is one of capcc's flags: returns true and changes `flags`, or sets `*error` to what is wrong with
/// it.
bool own_flag_take(struct arena *arena, const char *text, struct own_flags *flags, const char **error);

#endif
