// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Consumes the bytes of an archive, produces its members. Knows the names of GNU ar and llvm-ar (`name/`, `/123` into a
// table) and those of BSD (`#1/12`).
#include "archive.h"

#include <ar.h>
#include <string.h>

static size_t decimal(const char *digits, size_t length) {
    size_t value = 0;
    for (size_t i = 0; i < length && digits[i] >= '0' && digits[i] <= '9'; i++) value = value * 10 + (size_t)(digits[i] - '0');
    return value;
}

bool archive_open(struct bytes file, struct archive *archive) {
    *archive = (struct archive){.file = file, .at = SARMAG};
    if (file.size < SARMAG) return false;
    archive->thin = !memcmp(file.data, "!<thin>\n", SARMAG);
    return archive->thin || !memcmp(file.data, ARMAG, SARMAG);
}

static struct bytes up_to(struct bytes text, const char *stops) {
    size_t length = 0;
    while (length < text.size && !strchr(stops, text.data[length])) length++;
    return (struct bytes){text.data, length};
}

static bool end_damaged(struct archive *archive) {
    archive->damaged = true;
    return false;
}

bool archive_next(struct archive *archive, struct member *member) {
    struct ar_hdr header;
    for (;;) {
        struct bytes file = archive->file;
        if (archive->at >= file.size) return false; // past it where a last byte of padding is missing
        if (file.size - archive->at < sizeof header) return end_damaged(archive);
        memcpy(&header, file.data + archive->at, sizeof header);
        size_t start = archive->at + sizeof header, size = decimal(header.ar_size, sizeof header.ar_size);
        bool table = header.ar_name[0] == '/' &&
                     (header.ar_name[1] == ' ' || header.ar_name[1] == '/' || !strncmp(header.ar_name, "/SYM64/", 7));
        bool inside = table || !archive->thin;
        if (memcmp(header.ar_fmag, ARFMAG, 2) || (inside && size > file.size - start)) return end_damaged(archive);
        struct bytes bytes = {file.data + start, inside ? size : 0};
        archive->at = start + bytes.size + (bytes.size & 1);
        if (table) {
            if (header.ar_name[1] == '/') archive->long_names = bytes;
            continue;
        }
        if (header.ar_name[0] == '/') {
            size_t offset = decimal(header.ar_name + 1, sizeof header.ar_name - 1);
            if (offset >= archive->long_names.size) return end_damaged(archive);
            member->name = up_to((struct bytes){archive->long_names.data + offset, archive->long_names.size - offset}, "\n");
            if (member->name.size && member->name.data[member->name.size - 1] == '/') member->name.size--;
        } else if (!strncmp(header.ar_name, "#1/", 3)) {
            size_t length = decimal(header.ar_name + 3, sizeof header.ar_name - 3);
            if (length > bytes.size) return end_damaged(archive);
            member->name = (struct bytes){bytes.data, length};
            while (member->name.size && !member->name.data[member->name.size - 1]) member->name.size--;
            bytes = (struct bytes){bytes.data + length, bytes.size - length};
            if (member->name.size >= 9 && !memcmp(member->name.data, "__.SYMDEF", 9)) continue;
        } else {
            member->name = up_to((struct bytes){file.data + start - sizeof header, sizeof header.ar_name}, "/ ");
        }
        member->bytes = bytes;
        return true;
    }
}
