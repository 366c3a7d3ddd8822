// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Putting a finished file where -o says.
#ifndef CAPCC_OUTPUT_H
#define CAPCC_OUTPUT_H

#include "arena.h"

/// Makes `path` hold what the file `made` holds. A regular file, also one behind a symbolic link, is replaced as a whole or stays as it
/// was; what is no regular file (a device, a FIFO) is written into, `-` is standard output. May block where `path` is a FIFO. Returns 0,
/// or 1 after one line of error.
int output_place(struct arena *arena, const char *made, const char *path);

#endif
