// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Consumes lld's trace of a partial link and its machine code, produces one fat object. Half of the bitcode would be
// worse than none: an LTO link takes the bitcode for the whole object, and the functions that it lacks would be gone.
#include "merge.h"

#include "archive.h"
#include "diag.h"
#include "inputs.h"
#include "output.h"
#include "process.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/// The section type that clang gives `.llvm.lto` (llvm/BinaryFormat/ELF.h, SHT_LLVM_LTO); objcopy knows it by number
/// only.
#define SECTION_TYPE "--set-section-type=.llvm.lto=0x6fff4c0c"
/// Without `readonly` objcopy makes an added section writable.
#define SECTION_FLAGS "--set-section-flags=.llvm.lto=exclude,readonly"

/// What the trace calls `archive(member)`: finds the member, or no bytes if two have that name.
static struct bytes find_member(struct bytes file, const char *name) {
    struct archive archive;
    struct member member;
    struct bytes found = {0};
    if (!archive_open(file, &archive)) return found;
    size_t length = strlen(name), count = 0;
    while (archive_next(&archive, &member))
        if (member.name.size == length && !memcmp(member.name.data, name, length)) {
            found = member.bytes;
            count++;
        }
    return count == 1 ? found : (struct bytes){0};
}

/// Writes the bitcode of one traced file to `to`. Returns 0, -ENODATA if it has none, or another negative errno.
static int extract(struct arena *arena, const char *traced, const char *to) {
    struct bytes file, object;
    int error = file_map(traced, &file);
    object = file;
    size_t length = strlen(traced);
    const char *open = strrchr(traced, '(');
    if (error && open && traced[length - 1] == ')') {
        error = file_map(arena_copy(arena, traced, (size_t)(open - traced)), &file);
        if (!error) object = find_member(file, arena_copy(arena, open + 1, (size_t)(traced + length - open) - 2));
    }
    if (error) return -ENODATA; // a member of a thin archive, or a name that the trace gives in another form
    struct bytes bitcode = object_bitcode(object);
    error = bitcode.size ? file_write(to, bitcode) : -ENODATA;
    file_unmap(&file);
    return error;
}

/// Extracts the bitcode of all traced files; `argv` gets their names. Returns 0, -ENODATA with `*without` set, or
/// another negative errno.
static int extract_all(struct arena *arena, struct bytes trace, const char *scratch, struct strvec *argv, const char **without) {
    size_t number = 0;
    for (size_t at = 0; at < trace.size;) {
        const unsigned char *line = trace.data + at, *end = memchr(line, '\n', trace.size - at);
        size_t length = end ? (size_t)(end - line) : trace.size - at;
        at += length + 1;
        if (!length) continue;
        const char *traced = arena_copy(arena, (const char *)line, length),
                   *to = arena_printf(arena, "%s/part-%zu.bc", scratch, number++);
        int error = extract(arena, traced, to);
        if (error) {
            *without = traced;
            return error;
        }
        strvec_push(arena, argv, to);
    }
    *without = "no input";
    return number ? 0 : -ENODATA;
}

int merge_relocatable(struct arena *arena, const struct step *step, const char *scratch, bool verbose) {
    struct bytes trace;
    struct strvec link = {0}, add = {0};
    const char *without = NULL, *merged = arena_printf(arena, "%s/merged.bc", scratch),
               *fat = arena_printf(arena, "%s/fat.o", scratch);
    strvec_push(arena, &link, step->files.items[0]);
    strvec_push(arena, &link, "-o");
    strvec_push(arena, &link, merged);
    int error = file_map(step->input, &trace);
    if (!error) error = extract_all(arena, trace, scratch, &link, &without);
    file_unmap(&trace);
    if (error == -ENODATA) {
        if (verbose)
            fprintf(stderr, "capcc: %s: without bitcode, since %s has none: its code is external to the pass\n", step->output,
                    without);
        return output_place(arena, step->machine, step->output);
    }
    if (error) return diag_error("%s: cannot be written: %s; set TMPDIR to a directory with room", scratch, strerror(-error));
    int status = process_run(arena, &link, NULL, NULL);
    if (status) {
        diag_error("%s: the bitcode of its inputs cannot be merged; compile all of them with the same clang, or link them with "
                   "-fno-capriccio",
                   step->output);
        return status;
    }
    strvec_push(arena, &add, step->files.items[1]);
    strvec_push(arena, &add, arena_printf(arena, "--add-section=.llvm.lto=%s", merged));
    strvec_push(arena, &add, SECTION_FLAGS);
    strvec_push(arena, &add, SECTION_TYPE);
    strvec_push(arena, &add, step->machine);
    strvec_push(arena, &add, fat);
    status = process_run(arena, &add, NULL, NULL);
    return status ? status : output_place(arena, fat, step->output);
}
