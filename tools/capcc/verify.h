// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The proof that a link's stack promises hold.
#ifndef CAPCC_VERIFY_H
#define CAPCC_VERIFY_H

#include "arena.h"

/// Runs `capstack verify` on the executable `path`, with the bounds file `bounds` if not null. Returns 0 if it found no
/// violation; otherwise removes the file and returns 1, after one line of error. Outputs that are no regular file are passed
/// over.
int verify_linked(struct arena *arena, const char *capstack, const char *bounds, const char *path);

#endif
