// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Consumes lld's trace of a link, produces the objects. The trace has `archive(member)` for members, and both names may have
// parentheses; several members may have one name, and then a line for each that was taken. Where these are not all, lld's list of
// what made it take members has the symbol, and the first member that defines it is the one.
#include "traced.h"

#include "archive.h"
#include "bitcode_symbols.h"
#include "elf_file.h"

#include <errno.h>
#include <string.h>

static struct bytes next_line(struct bytes *rest) {
    const unsigned char *end = memchr(rest->data, '\n', rest->size);
    struct bytes line = {rest->data, end ? (size_t)(end - rest->data) : rest->size};
    size_t taken = line.size + (end != NULL);
    *rest = (struct bytes){rest->data + taken, rest->size - taken};
    return line;
}

static bool same(struct bytes a, struct bytes b) { return a.size == b.size && (!a.size || !memcmp(a.data, b.data, a.size)); }

static struct bytes text(const char *text) { return (struct bytes){(const unsigned char *)text, strlen(text)}; }

/// How many lines of `trace` before the byte `end` are `line`.
static size_t lines_like(struct bytes trace, const char *line, size_t end) {
    struct bytes rest = trace;
    size_t count = 0;
    while (rest.size && trace.size - rest.size < end) count += same(next_line(&rest), text(line));
    return count;
}

/// The symbol for which the member `name` was taken, the `index`th that has that name; no bytes if `why` does not say. Its lines are the
/// file with the reference, the member and the symbol, with tabs between.
static struct bytes reason(struct bytes why, const char *name, size_t index) {
    while (why.size) {
        struct bytes line = next_line(&why);
        const unsigned char *member = memchr(line.data, '\t', line.size);
        if (!member) continue;
        struct bytes after = {member + 1, line.size - (size_t)(member + 1 - line.data)};
        const unsigned char *symbol = memchr(after.data, '\t', after.size);
        if (!symbol || !same((struct bytes){after.data, (size_t)(symbol - after.data)}, text(name)) || index--) continue;
        return (struct bytes){symbol + 1, after.size - (size_t)(symbol + 1 - after.data)};
    }
    return (struct bytes){0};
}

static bool defines(struct arena *arena, struct bytes object, struct bytes symbol) {
    struct bitcode_symbols symbols;
    if (elf_is_ours(object)) return elf_defines(object, arena_copy(arena, (const char *)symbol.data, symbol.size));
    struct bytes bitcode = object_bitcode(object);
    return bitcode.size && bitcode_symbols_read(arena, bitcode, &symbols) && bitcode_defines(&symbols, symbol);
}

/// Which member is looked for: the `index`th of the name, or, if `symbol` is not empty, the first of them that defines it.
struct wanted {
    const char *path, *name;
    struct bytes symbol;
    size_t index;
};

static size_t members_named(struct bytes file, const char *name) {
    struct archive archive;
    struct member member;
    size_t count = 0;
    if (!archive_open(file, &archive)) return 0;
    while (archive_next(&archive, &member)) count += same(member.name, text(name));
    return count;
}

/// Returns -ENOENT if there is no such member, else what `visit` returned.
static int visit_member(struct arena *arena, struct bytes file, struct wanted wanted, object_visitor *visit, void *context) {
    struct archive archive;
    struct member member;
    archive_open(file, &archive);
    while (archive_next(&archive, &member)) {
        if (!same(member.name, text(wanted.name)) || (!wanted.symbol.size && wanted.index--)) continue;
        struct bytes outside = {0};
        if (archive.thin && file_map(thin_member_path(arena, wanted.path, &member), &outside)) return -ENOENT;
        struct bytes object = archive.thin ? outside : member.bytes;
        bool found = !wanted.symbol.size || defines(arena, object, wanted.symbol);
        int result = found ? visit(arena, arena_printf(arena, "%s(%s)", wanted.path, wanted.name), object, context) : 0;
        file_unmap(&outside);
        if (found) return result;
    }
    return -ENOENT;
}

struct traced {
    struct bytes trace, why;
    size_t end; ///< of the line, in the trace
};

/// Splits at each parenthesis until what is before it is an archive that has a member named by what is behind it.
static int visit_archive(struct arena *arena, const struct traced *traced, const char *line, object_visitor *visit, void *context) {
    size_t length = strlen(line);
    if (!length || line[length - 1] != ')') return -ENOENT;
    for (const char *open = strchr(line, '('); open; open = strchr(open + 1, '(')) {
        struct wanted wanted = {.path = arena_copy(arena, line, (size_t)(open - line)),
                                .name = arena_copy(arena, open + 1, (size_t)(line + length - open) - 2)};
        struct bytes file;
        if (file_map(wanted.path, &file)) continue;
        size_t there = members_named(file, wanted.name), index = lines_like(traced->trace, line, traced->end) - 1;
        int result = -ENOENT;
        if (there > 1 && lines_like(traced->trace, line, traced->trace.size) != there) {
            wanted.symbol = reason(traced->why, line, index);
            if (wanted.symbol.size) result = visit_member(arena, file, wanted, visit, context);
        } else if (there) {
            wanted.index = there > 1 ? index : 0; // an archive that is on the line twice may give its one member twice
            result = visit_member(arena, file, wanted, visit, context);
        }
        file_unmap(&file);
        if (there) return result;
    }
    return -ENOENT;
}

int traced_each_object(struct arena *arena, struct bytes trace, struct bytes why, object_visitor *visit, void *context,
                       const char **missing) {
    struct bytes rest = trace;
    while (rest.size) {
        struct bytes words = next_line(&rest), file;
        if (!words.size) continue;
        const char *line = arena_copy(arena, (const char *)words.data, words.size);
        struct traced traced = {trace, why, trace.size - rest.size};
        int result;
        if (file_map(line, &file)) {
            result = visit_archive(arena, &traced, line, visit, context);
        } else {
            result = visit(arena, line, file, context);
            file_unmap(&file);
        }
        if (result == -ENOENT) *missing = line;
        if (result) return result;
    }
    return 0;
}
