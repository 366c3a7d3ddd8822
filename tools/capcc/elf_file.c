// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Consumes the bytes of an ELF file, produces sections and notes. Notes are looked for in segments first, since a
// stripped program may have no section headers, then in sections, since an object has no segments.
#include "elf_file.h"

#include <string.h>

static struct bytes part(struct bytes file, uint64_t offset, uint64_t size) {
    if (offset > file.size || size > file.size - offset) return (struct bytes){0};
    return (struct bytes){file.data + offset, (size_t)size};
}

/// Headers are copied out: in an archive members may lie at odd offsets.
static bool read_at(struct bytes file, uint64_t offset, void *to, size_t size) {
    struct bytes from = part(file, offset, size);
    if (from.size != size || !size) return false;
    memcpy(to, from.data, size);
    return true;
}

static bool read_header(struct bytes file, Elf64_Ehdr *header) {
    return read_at(file, 0, header, sizeof *header) && !memcmp(header->e_ident, ELFMAG, SELFMAG) &&
           header->e_ident[EI_CLASS] == ELFCLASS64 && header->e_ident[EI_DATA] == ELFDATA2LSB && header->e_machine == EM_X86_64;
}

bool elf_is_ours(struct bytes file) {
    Elf64_Ehdr header;
    return read_header(file, &header);
}

static bool read_section(struct bytes file, const Elf64_Ehdr *header, uint64_t index, Elf64_Shdr *section) {
    return header->e_shentsize == sizeof *section && header->e_shoff < file.size &&
           read_at(file, header->e_shoff + index * sizeof *section, section, sizeof *section);
}

/// Objects with 65,280 sections and more (-ffunction-sections) keep the true counts in section 0.
static uint64_t section_count(struct bytes file, const Elf64_Ehdr *header, uint64_t *names) {
    Elf64_Shdr first;
    *names = header->e_shstrndx;
    if (!header->e_shoff || !read_section(file, header, 0, &first)) return 0;
    if (*names == SHN_XINDEX) *names = first.sh_link;
    uint64_t count = header->e_shnum ? header->e_shnum : first.sh_size;
    uint64_t possible = file.size / sizeof first;
    return count < possible ? count : possible;
}

static bool string_is(struct bytes strings, uint64_t offset, const char *wanted) {
    size_t length = strlen(wanted) + 1;
    return offset < strings.size && strings.size - offset >= length && !memcmp(strings.data + offset, wanted, length);
}

struct bytes elf_section_contents(struct bytes file, const Elf64_Shdr *section) {
    return section->sh_type == SHT_NOBITS ? (struct bytes){0} : part(file, section->sh_offset, section->sh_size);
}

struct bytes elf_section(struct bytes file, const char *name) {
    Elf64_Ehdr header;
    Elf64_Shdr section;
    uint64_t names;
    if (!read_header(file, &header)) return (struct bytes){0};
    uint64_t count = section_count(file, &header, &names);
    if (!read_section(file, &header, names, &section)) return (struct bytes){0};
    struct bytes strings = elf_section_contents(file, &section);
    for (uint64_t i = 1; i < count; i++)
        if (read_section(file, &header, i, &section) && string_is(strings, section.sh_name, name))
            return elf_section_contents(file, &section);
    return (struct bytes){0};
}

bool elf_section_header(struct bytes file, uint64_t index, Elf64_Shdr *section) {
    Elf64_Ehdr header;
    uint64_t names;
    return read_header(file, &header) && index < section_count(file, &header, &names) && read_section(file, &header, index, section);
}

static struct bytes note_in(struct bytes notes, const char *name, uint32_t type) {
    uint32_t name_size = (uint32_t)strlen(name) + 1;
    uint64_t at = 0;
    Elf64_Nhdr note;
    while (read_at(notes, at, &note, sizeof note)) {
        uint64_t name_at = at + sizeof note, description_at = name_at + (((uint64_t)note.n_namesz + 3) & ~3ull);
        struct bytes found = part(notes, name_at, note.n_namesz), description = part(notes, description_at, note.n_descsz);
        if (note.n_type == type && note.n_namesz == name_size && found.size == name_size && !memcmp(found.data, name, name_size) &&
            description.size)
            return description;
        at = description_at + (((uint64_t)note.n_descsz + 3) & ~3ull);
    }
    return (struct bytes){0};
}

struct bytes elf_note(struct bytes file, const char *name, uint32_t type) {
    Elf64_Ehdr header;
    Elf64_Phdr segment;
    Elf64_Shdr section;
    struct bytes found = {0};
    if (!read_header(file, &header)) return found;
    for (uint64_t i = 0; !found.size && i < header.e_phnum && header.e_phoff < file.size; i++)
        if (read_at(file, header.e_phoff + i * sizeof segment, &segment, sizeof segment) && segment.p_type == PT_NOTE)
            found = note_in(part(file, segment.p_offset, segment.p_filesz), name, type);
    uint64_t names, count = section_count(file, &header, &names);
    for (uint64_t i = 1; !found.size && i < count; i++)
        if (read_section(file, &header, i, &section) && section.sh_type == SHT_NOTE)
            found = note_in(elf_section_contents(file, &section), name, type);
    return found;
}

bool elf_needs(struct bytes file, const char *soname) {
    struct bytes dynamic = elf_section(file, ".dynamic"), strings = elf_section(file, ".dynstr");
    Elf64_Dyn entry;
    for (uint64_t at = 0; read_at(dynamic, at, &entry, sizeof entry) && entry.d_tag != DT_NULL; at += sizeof entry)
        if (entry.d_tag == DT_NEEDED && string_is(strings, entry.d_un.d_val, soname)) return true;
    return false;
}

static bool defines(struct bytes symbols, struct bytes strings, const char *name) {
    Elf64_Sym symbol;
    for (uint64_t at = 0; read_at(symbols, at, &symbol, sizeof symbol); at += sizeof symbol)
        if (symbol.st_shndx != SHN_UNDEF && ELF64_ST_BIND(symbol.st_info) != STB_LOCAL && string_is(strings, symbol.st_name, name))
            return true;
    return false;
}

bool elf_exports(struct bytes file, const char *name) {
    return defines(elf_section(file, ".dynsym"), elf_section(file, ".dynstr"), name);
}

bool elf_defines(struct bytes file, const char *name) {
    return defines(elf_section(file, ".symtab"), elf_section(file, ".strtab"), name);
}
