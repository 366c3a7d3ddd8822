// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Memory for one command line: everything that parse and plan make lives until the process (or one run of the fuzzer)
// ends, so it is carved from an arena and freed in one go. Nothing here is thread-safe; the driver has one thread.
#ifndef CAPCC_ARENA_H
#define CAPCC_ARENA_H

#include <stdarg.h>
#include <stddef.h>

struct arena_block;

/// Owner of all that is allocated from it. All zero is an empty arena.
struct arena {
    struct arena_block *newest; ///< owned; blocks are linked from the newest to the oldest
};

/// A growing list of strings. `items` is always followed by a null pointer, so that it can be handed to exec. All zero
/// is an empty list.
struct strvec {
    const char **items; ///< owned by the arena that the list was grown from
    size_t count;       ///< strings, without the final null
    size_t room;        ///< pointers that fit `items`
};

/// `bytes` of zeroed memory, aligned for any type. Never returns null: out of memory ends the process with one line.
void *arena_alloc(struct arena *arena, size_t bytes);

/// A copy of the first `length` bytes of `text`, ended by a zero byte.
char *arena_copy(struct arena *arena, const char *text, size_t length);

/// What printf(3) would print, as a new string.
char *arena_printf(struct arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));
char *arena_vprintf(struct arena *arena, const char *format, va_list args);

/// Frees everything; the arena is then empty and may be used again.
void arena_free(struct arena *arena);

/// Appends `text` itself (not a copy), or every item of `other`.
void strvec_push(struct arena *arena, struct strvec *list, const char *text);
void strvec_append(struct arena *arena, struct strvec *list, const struct strvec *other);

#endif
