// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Consumes a fat object, compares the symbols of its machine code with those of its bitcode. Ordinary objects differ, too, so that what
// counts is what LLVM's code generation never makes by itself: a definition of what the bitcode only declares; a strong one
// with a type of what it does not know (it makes weak ones, DW.ref.NAME, and inline assembly makes some without a type); a constructor that
// the bitcode does not know, since nobody has to call it; and a local name, where symbols of several source files are in the object of one.
// Assembly inside of functions is in no table of the bitcode: its labels are looked for in its text.
#include "lacking.h"

#include "bitcode_symbols.h"
#include "elf_file.h"

#include <string.h>

struct fat {
    struct arena *arena;
    struct bytes object, bitcode;
    struct bytes symbols, strings; ///< of the machine code
    struct bitcode_symbols known;
    bool several_files; ///< STT_FILE symbols
};

static bool symbol_at(const struct fat *fat, uint64_t index, Elf64_Sym *symbol) {
    if (index >= fat->symbols.size / sizeof *symbol) return false;
    memcpy(symbol, fat->symbols.data + index * sizeof *symbol, sizeof *symbol);
    return true;
}

static struct bytes name_of(const struct fat *fat, const Elf64_Sym *symbol) {
    if (symbol->st_name >= fat->strings.size) return (struct bytes){0};
    const unsigned char *name = fat->strings.data + symbol->st_name;
    return (struct bytes){name, strnlen((const char *)name, fat->strings.size - symbol->st_name)};
}

static bool is_code_or_data(unsigned type) { return type == STT_FUNC || type == STT_OBJECT || type == STT_TLS; }

/// A part that LLVM split off or data that it added has a dot in its name, as has what its instrumentation adds.
static bool has_dot(struct bytes name) { return name.size && memchr(name.data, '.', name.size); }

/// True if the bitcode lacks what the symbol defines.
static bool is_lacking(const struct fat *fat, const Elf64_Sym *symbol) {
    unsigned type = ELF64_ST_TYPE(symbol->st_info), binding = ELF64_ST_BIND(symbol->st_info);
    struct bytes name = name_of(fat, symbol);
    if (symbol->st_shndx == SHN_UNDEF || symbol->st_shndx == SHN_ABS || !name.size || bitcode_defines(&fat->known, name)) return false;
    bool suspected = binding == STB_LOCAL ? fat->several_files && !fat->known.joined && is_code_or_data(type) && !has_dot(name)
                     : bitcode_declares(&fat->known, name) ? true
                                                           : binding == STB_GLOBAL && is_code_or_data(type);
    return suspected && !bitcode_has_label(fat->arena, fat->bitcode, name);
}

/// True if code at `value` of a section may come from the bitcode: it is a function that this defines, lies in one (a label of assembly),
/// or instrumentation has added it after the bitcode was kept. Else `*name` is a symbol there, if there is one.
static bool is_known_code(const struct fat *fat, unsigned section, uint64_t value, struct bytes *name) {
    Elf64_Sym symbol;
    for (uint64_t i = 1; symbol_at(fat, i, &symbol); i++) {
        unsigned type = ELF64_ST_TYPE(symbol.st_info);
        if (symbol.st_shndx != section || (type != STT_FUNC && type != STT_NOTYPE) || value < symbol.st_value ||
            (value > symbol.st_value && value - symbol.st_value >= symbol.st_size))
            continue;
        struct bytes found = name_of(fat, &symbol);
        if (bitcode_defines(&fat->known, found) || has_dot(found) || (found.size > 7 && !memcmp(found.data, "__llvm_", 7)) ||
            (found.size && bitcode_has_label(fat->arena, fat->bitcode, found)))
            return true;
        if (found.size) *name = found;
    }
    return false;
}

/// Of one section of relocations for an array of constructors or destructors: a function that the bitcode lacks.
static const char *lacking_constructor(const struct fat *fat, struct bytes relocations) {
    Elf64_Rela relocation;
    for (uint64_t at = 0; at + sizeof relocation <= relocations.size; at += sizeof relocation) {
        memcpy(&relocation, relocations.data + at, sizeof relocation);
        Elf64_Sym symbol;
        struct bytes name = {0};
        if (!symbol_at(fat, ELF64_R_SYM(relocation.r_info), &symbol) || symbol.st_shndx == SHN_UNDEF || symbol.st_shndx >= SHN_LORESERVE)
            continue;
        if (!is_known_code(fat, symbol.st_shndx, symbol.st_value + (uint64_t)relocation.r_addend, &name))
            return name.size ? arena_printf(fat->arena, "the constructor %.*s", (int)name.size, (const char *)name.data)
                             : "a constructor without a name";
    }
    return NULL;
}

static const char *any_lacking_constructor(const struct fat *fat) {
    Elf64_Shdr section, target;
    for (uint64_t i = 1; elf_section_header(fat->object, i, &section); i++) {
        if (section.sh_type != SHT_RELA || !elf_section_header(fat->object, section.sh_info, &target) ||
            (target.sh_type != SHT_INIT_ARRAY && target.sh_type != SHT_FINI_ARRAY && target.sh_type != SHT_PREINIT_ARRAY))
            continue;
        const char *lacking = lacking_constructor(fat, elf_section_contents(fat->object, &section));
        if (lacking) return lacking;
    }
    return NULL;
}

const char *lacking_symbol(struct arena *arena, struct bytes object, struct bytes bitcode) {
    struct fat fat = {.arena = arena, .object = object, .bitcode = bitcode,
                      .symbols = elf_section(object, ".symtab"), .strings = elf_section(object, ".strtab")};
    if (!fat.symbols.size || !bitcode_symbols_read(arena, bitcode, &fat.known)) return NULL;
    Elf64_Sym symbol;
    unsigned files = 0;
    for (uint64_t i = 1; symbol_at(&fat, i, &symbol); i++) files += ELF64_ST_TYPE(symbol.st_info) == STT_FILE;
    fat.several_files = files > 1;
    for (uint64_t i = 1; symbol_at(&fat, i, &symbol); i++)
        if (is_lacking(&fat, &symbol)) {
            struct bytes name = name_of(&fat, &symbol);
            return arena_printf(arena, "%.*s", (int)name.size, (const char *)name.data);
        }
    return any_lacking_constructor(&fat);
}
