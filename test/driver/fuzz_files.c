// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// libFuzzer target: the bytes are an archive, an ELF file or bitcode. The readers must stay inside of them, end, and
// give only parts of them.
#include "archive.h"
#include "bitcode.h"
#include "elf_file.h"
#include "inputs.h"
#include "lacking.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static volatile unsigned sum; ///< keeps reads from being optimised away

static void within(struct bytes all, struct bytes part, const char *what) {
    if (!part.size) return;
    if (part.data < all.data || part.size > all.size || (size_t)(part.data - all.data) > all.size - part.size) {
        fprintf(stderr, "fuzz_files: broken: %s lies outside of the file\n", what);
        abort();
    }
    sum += part.data[0] + part.data[part.size - 1];
}

static void read_object(struct bytes file) {
    struct bytes bitcode = object_bitcode(file);
    within(file, bitcode, "bitcode");
    sum += bitcode_is_thin(bitcode);
    if (bitcode_first_length(bitcode) > bitcode.size) {
        fprintf(stderr, "fuzz_files: broken: the first bitcode is longer than all\n");
        abort();
    }
    within(file, bitcode_blob(bitcode, BITCODE_STRTAB), "names");
    struct arena arena = {0};
    sum += lacking_symbol(&arena, file, bitcode) != NULL;
    arena_free(&arena);
    within(file, elf_note(file, "Capriccio", 1), "note");
    within(file, elf_note(file, "GNU", 3), "build id");
    sum += elf_needs(file, "libc.so.6");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct bytes file = {data, size};
    struct archive archive;
    struct member member;
    read_object(file);
    if (archive_open(file, &archive)) {
        size_t members = 0;
        while (archive_next(&archive, &member)) {
            within(file, member.name, "name");
            within(file, member.bytes, "member");
            read_object(member.bytes);
            if (++members > size) {
                fprintf(stderr, "fuzz_files: broken: the archive has no end\n");
                abort();
            }
        }
    }
    return 0;
}
