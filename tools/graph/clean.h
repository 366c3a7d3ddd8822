// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Texts of programs and names of files, before they come to a terminal or into a picture.
#ifndef GRAPH_CLEAN_H
#define GRAPH_CLEAN_H

/// Makes each character that could move the cursor, or what stands beside it, a `?`, in place: controls (C0, DEL, C1), marks of writing
/// direction, separators of lines; so does each byte that is no UTF-8. Returns `text`.
char *clean(char *text);

#endif
