// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Consumes objects and archives that capcc made, produces the one .bc that a whole-program build (wllvm's extract-bc) would: what
// every object holds of bitcode, joined by llvm-link. Of an archive that is every member, needed or not, since without a link
// nobody knows which are; `capcc -r` takes only those that are, and its result may be extracted. Members without bitcode
// (assembly) stay in the archive, from which the link takes them when it stands behind the .bc.
#include "extract.h"

#include "archive.h"
#include "diag.h"
#include "inputs.h"
#include "output.h"
#include "process.h"

#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

struct extraction {
    const char *scratch;
    const char *file;   ///< that is being walked; objects in it have other names
    struct strvec link; ///< llvm-link's command line
    size_t parts;       ///< files written so far
    size_t bytes;       ///< in them
};

static int write_part(struct arena *arena, const char *name, struct bytes object, void *context) {
    struct extraction *extraction = context;
    struct bytes bitcode = object_bitcode(object);
    if (!bitcode.size) {
        if (strcmp(name, extraction->file)) diag_note("%s: has no bitcode and is left out; link the archive behind the result", name);
        return 0;
    }
    const char *part = arena_printf(arena, "%s/part-%zu.bc", extraction->scratch, extraction->parts++);
    int error = output_write(part, bitcode);
    if (error) return diag_error("%s: cannot be written: %s; set TMPDIR to a directory with room", part, strerror(-error));
    extraction->bytes += bitcode.size;
    strvec_push(arena, &extraction->link, part);
    return 0;
}

static int write_parts(struct arena *arena, const char *path, struct extraction *extraction) {
    struct bytes file;
    size_t before = extraction->parts;
    extraction->file = path;
    int error = file_map(path, &file);
    if (error) return diag_error("%s: cannot be read: %s; check the name and its permissions", path, strerror(-error));
    int status = inputs_each_object(arena, path, file, true, write_part, extraction);
    file_unmap(&file);
    if (!status && extraction->parts == before)
        return diag_error("%s: has no bitcode; name objects and archives that capcc compiled, not what it linked", path);
    return status;
}

static int check_input(const char *path, const struct stat *output, const char *name) {
    struct stat input;
    if (stat(path, &input) || !S_ISREG(input.st_mode) || input.st_dev != output->st_dev || input.st_ino != output->st_ino) return 0;
    return diag_error("%s: is the output, and as %s an input; name another output with -o", name, path);
}

/// The members of thin archives are inputs, too.
static int check_output(struct arena *arena, const struct step *step) {
    struct stat output;
    if (stat(step->output, &output)) return 0;
    int result = 0;
    for (size_t i = 0; i < step->files.count && !result; i++) {
        const char *path = step->files.items[i];
        struct bytes file;
        struct archive archive;
        struct member member;
        result = check_input(path, &output, step->output);
        if (file_map(path, &file)) continue;
        if (archive_open(file, &archive) && archive.thin)
            while (!result && archive_next(&archive, &member))
                result = check_input(thin_member_path(arena, path, &member), &output, step->output);
        file_unmap(&file);
    }
    return result;
}

int extract_bitcode(struct arena *arena, const struct step *step, const char *scratch) {
    struct extraction extraction = {.scratch = scratch};
    const char *joined = arena_printf(arena, "%s/joined.bc", scratch);
    if (check_output(arena, step)) return 1;
    strvec_push(arena, &extraction.link, step->input);
    strvec_push(arena, &extraction.link, "-o");
    strvec_push(arena, &extraction.link, joined);
    for (size_t i = 0; i < step->files.count; i++)
        if (write_parts(arena, step->files.items[i], &extraction)) return 1;
    int status = process_run(arena, &extraction.link, NULL, NULL);
    if (!status) return output_place(joined, step->output);
    struct statvfs fs;
    if (!statvfs(scratch, &fs) && (unsigned long long)fs.f_bavail * fs.f_frsize < extraction.bytes)
        diag_error("%s: cannot be written: its disk has no room for %zu bytes; set TMPDIR to a directory with room", joined,
                   extraction.bytes);
    else
        diag_error("%s: the bitcode cannot be joined (above); of archives with members that exclude each other make one object first, by "
                   "`capcc -r`",
                   step->output);
    return status;
}
