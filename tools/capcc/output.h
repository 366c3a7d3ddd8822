// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Files of the driver's own on the way, and a finished one where -o says.
#ifndef CAPCC_OUTPUT_H
#define CAPCC_OUTPUT_H

#include "file_map.h"

/// Writes `bytes` to a new or emptied file of the driver's own, `path`. Returns 0 or a negative errno; on failure the file is removed.
int output_write(const char *path, struct bytes bytes);

/// Makes `path` hold what the file `made` holds. A regular file, also one behind a symbolic link, is replaced as a whole or stays as it
/// was; what is no regular file (a device, a FIFO) is written into, `-` is standard output. May block where `path` is a FIFO. Returns 0,
/// or 1 after one line of error.
int output_place(const char *made, const char *path);

#endif
