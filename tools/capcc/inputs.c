// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Consumes the names of the inputs, produces an error line or nothing. lld compiles a thin object by itself, beside the
// merged module, where the pass never sees it; that is silent, hence looked for before the link. So is bitcode that a
// foreign partial link has joined, of which lld says too little; and bitcode that is no longer all of its object, after
// objcopy or such a link.
#include "inputs.h"

#include "archive.h"
#include "bitcode.h"
#include "diag.h"
#include "elf_file.h"
#include "lacking.h"
#include "paths.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/// What lld says of such an object is "Invalid encoding".
#define JOINED_REMEDY "its bitcode was put together by a linker that does not know it (ld -r); make it with `capcc -r`"
#define LACKING_REMEDY \
    "defines %s in its machine code and not in its bitcode, which is what is linked: objcopy has changed its symbols (rename them in the " \
    "source, -DOLD=NEW), or ld -r has joined it with an object without bitcode (use `capcc -r`); or compile it with -fno-capriccio"
#define THIN_REMEDY "made with -flto=thin, which the pass cannot see; compile it again with capcc, or with -flto=full"

struct bytes object_bitcode(struct bytes object) {
    if (bitcode_is(object)) return bitcode_unwrap(object);
    return elf_section(object, ".llvm.lto");
}

/// Null, or what is wrong with an object's bitcode.
static const char *fault_of(struct arena *arena, struct bytes object) {
    struct bytes bitcode = object_bitcode(object);
    if (bitcode_is_thin(bitcode)) return THIN_REMEDY;
    if (bitcode_first_length(bitcode) < bitcode.size) return JOINED_REMEDY;
    const char *lacking = lacking_symbol(arena, object, bitcode);
    return lacking ? arena_printf(arena, LACKING_REMEDY, lacking) : NULL;
}

const char *thin_member_path(struct arena *arena, const char *path, const struct member *member) {
    bool absolute = member->name.size && member->name.data[0] == '/';
    return arena_printf(arena, "%s%s%.*s", absolute ? "" : path_directory(arena, path), absolute ? "" : "/", (int)member->name.size,
                        member->name.data);
}

static int each_member(struct arena *arena, const char *path, struct archive *archive, bool whole, object_visitor *visit, void *context) {
    struct member member;
    int result = 0;
    while (!result && archive_next(archive, &member)) {
        struct bytes bytes = member.bytes, outside = {0};
        if (archive->thin) {
            int error = file_map(thin_member_path(arena, path, &member), &outside);
            if (error && whole)
                return diag_error("%s(%.*s): cannot be read: %s; make the archive again, or have its members where it names them", path,
                                  (int)member.name.size, (const char *)member.name.data, strerror(-error));
            if (error) continue; // lld names it if it needs it
            bytes = outside;
        }
        result = visit(arena, arena_printf(arena, "%s(%.*s)", path, (int)member.name.size, (const char *)member.name.data), bytes, context);
        file_unmap(&outside);
    }
    if (!result && archive->damaged && whole)
        return diag_error("%s: is damaged or cut off at byte %zu; make the archive again", path, archive->at);
    return result;
}

int inputs_each_object(struct arena *arena, const char *path, struct bytes bytes, bool whole, object_visitor *visit, void *context) {
    struct archive archive;
    return archive_open(bytes, &archive) ? each_member(arena, path, &archive, whole, visit, context) : visit(arena, path, bytes, context);
}

static int check_object(struct arena *arena, const char *name, struct bytes object, void *context) {
    (void)context;
    const char *fault = fault_of(arena, object);
    return fault ? diag_error("%s: %s", name, fault) : 0;
}

/// `required`: that the file cannot be read is an error.
static int check_file(struct arena *arena, const char *path, bool required, bool contents) {
    struct bytes bytes;
    int error = contents ? file_map(path, &bytes) : access(path, R_OK) ? -errno : 0;
    if (error)
        return required ? diag_error("%s: cannot be read: %s; check the name and its permissions", path, strerror(-error)) : 0;
    if (!contents) return 0;
    int result = inputs_each_object(arena, path, bytes, false, check_object, NULL);
    file_unmap(&bytes);
    return result;
}

/// -lNAME is looked for in the directories of -L alone: those of the system hold no bitcode, and lld's order of shared
/// before static is kept.
static int check_library(struct arena *arena, const struct line *line, const char *name) {
    for (size_t i = 0; i < line->library_dirs.count; i++) {
        const char *directory = line->library_dirs.items[i];
        if (name[0] == ':') {
            const char *path = arena_printf(arena, "%s/%s", directory, name + 1);
            if (!access(path, R_OK)) return check_file(arena, path, false, true);
            continue;
        }
        if (!access(arena_printf(arena, "%s/lib%s.so", directory, name), R_OK)) return 0;
        const char *path = arena_printf(arena, "%s/lib%s.a", directory, name);
        if (!access(path, R_OK)) return check_file(arena, path, false, true);
    }
    return 0;
}

int inputs_check(struct arena *arena, const struct line *line, const struct strvec *files) {
    bool links = line->action == ACTION_EXECUTABLE || line->action == ACTION_SHARED || line->action == ACTION_RELOCATABLE ||
                 line->action == ACTION_EXTRACT;
    for (size_t i = 0; i < files->count; i++)
        if (check_file(arena, files->items[i], true, links)) return 1;
    if (!links) return 0;
    for (size_t i = 0; i < line->linker_args.count; i++)
        if (line->linker_args.items[i][0] != '-' && line->linker_args.items[i][0] &&
            check_file(arena, line->linker_args.items[i], false, true))
            return 1;
    for (size_t i = 0; i < line->libraries.count; i++)
        if (check_library(arena, line, line->libraries.items[i])) return 1;
    return 0;
}
