// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Where pictures go.
#ifndef CAPGRAPH_OUTPUT_H
#define CAPGRAPH_OUTPUT_H

#include <stddef.h>

/// Writes a whole file or none: beside its name, and renamed. What is no regular file (`/dev/stdout`, a pipe) is written to as it is.
/// Returns 0, or 1 and has said why not.
int output_file(const char *path, const char *text, size_t length);

/// The same with what graphviz makes of the DOT text.
int output_svg(const char *path, const char *dot, size_t length);

#endif
