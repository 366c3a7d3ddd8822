// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The bounds file of docs/abi.md for the libc that a program is linked with.
#ifndef CAPCC_BOUNDS_H
#define CAPCC_BOUNDS_H

#include "arena.h"

/// The name of a bounds file for the libc that `ask_libc` (a command) prints, made by `capstack` where it is not cached
/// yet; `scratch` takes it if it cannot be cached. Null, after one line of warning, if there is none: the pass then
/// borrows a big stack for every external call, which is slower, but sound.
const char *bounds_file(struct arena *arena, const struct strvec *ask_libc, const char *capstack, const char *scratch);

#endif
