// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Consumes arguments that may name response files, produces the arguments meant. Response files are expanded here and
// not left to clang because the driver's own flags may stand in them, and because roles and order of all arguments must
// be known before a plan can be made.
#include "response.h"

#include <string.h>

/// clang stops at files that include themselves; a depth that no build reaches does the same and needs no list of open
/// files.
#define MAX_DEPTH 32
/// Files that include each other twice grow by powers of two before the depth ends them; the kernel takes no more than
/// 2 MiB of arguments by default.
#define MAX_ARGUMENTS 1000000

static int is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\v' || c == '\f'; }

/// Splits `text` into words: white space separates, quotes of both kinds group, a backslash takes the next character as
/// it is, also inside quotes.
static void split(struct arena *arena, const char *text, size_t length, struct strvec *out) {
    char *word = arena_alloc(arena, length + 1); // every word of the file fits what is left of this copy
    size_t at = 0;
    while (at < length) {
        while (at < length && is_space(text[at])) at++;
        if (at == length) break;
        size_t used = 0;
        char quote = 0;
        for (; at < length && (quote || !is_space(text[at])); at++) {
            char c = text[at];
            if (c == '\0') continue; // exec cannot pass it on
            if (c == '\\' && at + 1 < length) {
                if (text[++at]) word[used++] = text[at];
            } else if (quote && c == quote) {
                quote = 0;
            } else if (!quote && (c == '"' || c == '\'')) {
                quote = c;
            } else {
                word[used++] = c;
            }
        }
        word[used] = '\0';
        strvec_push(arena, out, word);
        word += used + 1;
    }
}

static const char *expand(struct arena *arena, size_t argc, const char *const *argv, const struct file_reader *reader, int depth,
                          struct strvec *out) {
    for (size_t i = 0; i < argc; i++) {
        const char *text;
        size_t length;
        if (out->count >= MAX_ARGUMENTS) return "response files: more than 1000000 arguments; does a file include itself?";
        if (argv[i][0] != '@' || !argv[i][1] || !(text = reader->read(reader->context, arena, argv[i] + 1, &length))) {
            strvec_push(arena, out, argv[i]);
            continue;
        }
        if (depth == MAX_DEPTH)
            return arena_printf(arena, "%s: response files nested deeper than %d; does a file include itself?", argv[i] + 1,
                                MAX_DEPTH);
        struct strvec words = {0};
        split(arena, text, length, &words);
        const char *error = expand(arena, words.count, words.items, reader, depth + 1, out);
        if (error) return error;
    }
    return NULL;
}

const char *response_expand(struct arena *arena, int argc, const char *const *argv, const struct file_reader *reader,
                            struct strvec *out) {
    return expand(arena, (size_t)argc, argv, reader, 0, out);
}

char *response_quote(struct arena *arena, const struct strvec *args, size_t first) {
    size_t room = 1;
    for (size_t i = first; i < args->count; i++) room += 2 * strlen(args->items[i]) + 3;
    char *text = arena_alloc(arena, room), *end = text;
    for (size_t i = first; i < args->count; i++) {
        *end++ = '"';
        for (const char *c = args->items[i]; *c; c++) {
            if (*c == '"' || *c == '\\') *end++ = '\\';
            *end++ = *c;
        }
        *end++ = '"';
        *end++ = '\n';
    }
    *end = '\0';
    return text;
}
