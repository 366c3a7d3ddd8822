// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The proof that a link did what it was for.
#ifndef CAPCC_PROVE_H
#define CAPCC_PROVE_H

#include "arena.h"

/// Checks that `path` holds the note of docs/abi.md and, unless `dynlist` is null (a shared object), needs the dynamic libc
/// and exports all that the dynamic list `dynlist` names. Returns 0; otherwise removes the file and returns 1 after one line of error. Outputs
/// that are no regular file (/dev/null) are passed over: nobody can run them.
int prove_linked(struct arena *arena, const char *path, const char *dynlist);

#endif
