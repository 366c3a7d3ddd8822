// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// `@file` arguments: a file of further arguments, in the quoting of GNU tools.
#ifndef CAPCC_RESPONSE_H
#define CAPCC_RESPONSE_H

#include "arena.h"

/// How the parser reads response files, so that the fuzzer can stand in for the file system. `read` returns the file's
/// bytes, which stay valid as long as the arena does, and stores their number, or returns null if there is no such
/// file.
struct file_reader {
    const char *(*read)(void *context, struct arena *arena, const char *path, size_t *length);
    void *context;
};

/// Appends `argv[0..argc)` to `out` with every `@file` replaced by the arguments in that file, recursively, as clang
/// does. An `@file` that cannot be read stays as it is (clang takes it for an input). Returns null, or what is wrong as
/// a line without `capcc: error:` (files that include each other).
const char *response_expand(struct arena *arena, int argc, const char *const *argv, const struct file_reader *reader,
                            struct strvec *out);

/// `args` from index `first` on as the text of a response file, which response_expand and clang read back to the same
/// arguments.
char *response_quote(struct arena *arena, const struct strvec *args, size_t first);

#endif
