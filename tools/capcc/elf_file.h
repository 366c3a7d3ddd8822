// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The few things that the driver reads from ELF files. All of it is safe on damaged files: whatever lies outside of the
// bytes counts as absent.
#ifndef CAPCC_ELF_FILE_H
#define CAPCC_ELF_FILE_H

#include "file_map.h"

#include <elf.h>
#include <stdbool.h>
#include <stdint.h>

/// True for a 64-bit little-endian x86-64 ELF file.
bool elf_is_ours(struct bytes file);

/// The contents of the first section of that name, or no bytes.
struct bytes elf_section(struct bytes file, const char *name);

/// The same by number, from 1: false if there is none. Its contents, no bytes if it has none in the file.
bool elf_section_header(struct bytes file, uint64_t index, Elf64_Shdr *section);
struct bytes elf_section_contents(struct bytes file, const Elf64_Shdr *section);

/// The description of the first note with that name and type, in a note section or a note segment, or no bytes.
struct bytes elf_note(struct bytes file, const char *name, uint32_t type);

/// True if the file's dynamic section needs the library `soname`.
bool elf_needs(struct bytes file, const char *soname);

/// True if the file's dynamic symbol table defines `name`; an object's symbol table, for other objects.
bool elf_exports(struct bytes file, const char *name);
bool elf_defines(struct bytes file, const char *name);

#endif
