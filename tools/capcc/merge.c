// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Consumes lld's trace of a partial link and its machine code, produces one fat object. Half of the bitcode would be
// worse than none: an LTO link takes the bitcode for the whole object, and the functions that it lacks would be gone.
#include "merge.h"

#include "diag.h"
#include "inputs.h"
#include "output.h"
#include "process.h"
#include "traced.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/// The section type that clang gives `.llvm.lto` (llvm/BinaryFormat/ELF.h, SHT_LLVM_LTO); objcopy knows it by number
/// only.
#define SECTION_TYPE "--set-section-type=.llvm.lto=0x6fff4c0c"
/// Without `readonly` objcopy makes an added section writable.
#define SECTION_FLAGS "--set-section-flags=.llvm.lto=exclude,readonly"

struct extraction {
    const char *scratch;
    struct strvec *link; ///< gets the names of the files
    size_t parts;        ///< files so far
    const char *without; ///< the object that has no bitcode
};

/// Returns 0, -ENODATA with `without` set, or another negative errno.
static int extract(struct arena *arena, const char *name, struct bytes object, void *context) {
    struct extraction *extraction = context;
    struct bytes bitcode = object_bitcode(object);
    extraction->without = name;
    if (!bitcode.size) return -ENODATA;
    const char *part = arena_printf(arena, "%s/part-%zu.bc", extraction->scratch, extraction->parts++);
    strvec_push(arena, extraction->link, part);
    return output_write(part, bitcode);
}

int merge_relocatable(struct arena *arena, const struct step *step, const char *scratch, bool verbose) {
    struct bytes trace, why;
    struct strvec link = {0}, add = {0};
    struct extraction extraction = {.scratch = scratch, .link = &link, .without = "no input"};
    const char *missing = NULL, *merged = arena_printf(arena, "%s/merged.bc", scratch),
               *fat = arena_printf(arena, "%s/fat.o", scratch);
    strvec_push(arena, &link, step->files.items[0]);
    strvec_push(arena, &link, "-o");
    strvec_push(arena, &link, merged);
    int error = file_map(step->input, &trace);
    file_map(step->reasons, &why); // none where the line has a --why-extract of its own
    if (!error) error = traced_each_object(arena, trace, why, extract, &extraction, &missing);
    file_unmap(&trace);
    file_unmap(&why);
    if (!error && !extraction.parts) error = -ENODATA;
    if (missing)
        diag_warning("%s: without bitcode, since %s cannot be found again: its code is external to the pass; give members of an archive "
                     "names of their own",
                     step->output, missing);
    if (error == -ENODATA || missing) {
        if (verbose && !missing)
            fprintf(stderr, "capcc: %s: without bitcode, since %s has none: its code is external to the pass\n", step->output,
                    extraction.without);
        return output_place(step->machine, step->output);
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
    return status ? status : output_place(fat, step->output);
}
