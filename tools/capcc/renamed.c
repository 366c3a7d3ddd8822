// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Consumes a fat object, compares its two tables of symbols. Bitcode has one for linkers, which gives names as they are in machine
// code (llvm/Object/IRSymtab.h). Only definitions are compared: code generation refers to functions of libraries that no
// bitcode names. And only strong ones with a type: the others it makes by itself (DW.ref.NAME), or inline assembly does.
#include "renamed.h"

#include "bitcode.h"
#include "elf_file.h"

#include <elf.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/// Of the table: in words where its list of symbols is said to be, and how long each is; LLVM changes the version with the layout.
enum { VERSION = 3, SYMBOLS_AT = 7, SYMBOL_WORDS = 6 };

static uint32_t word(struct bytes table, uint64_t index) {
    uint32_t value = 0;
    if (index < table.size / 4) memcpy(&value, table.data + index * 4, 4);
    return value;
}

static int compare(const void *a, const void *b) {
    const struct bytes *left = a, *right = b;
    size_t common = left->size < right->size ? left->size : right->size;
    int order = common ? memcmp(left->data, right->data, common) : 0;
    return order ? order : (left->size > right->size) - (left->size < right->size);
}

const char *renamed_symbol(struct arena *arena, struct bytes object, struct bytes bitcode) {
    struct bytes table = bitcode_blob(bitcode, BITCODE_SYMTAB), text = bitcode_blob(bitcode, BITCODE_STRTAB);
    struct bytes symbols = elf_section(object, ".symtab"), strings = elf_section(object, ".strtab");
    if (word(table, 0) != VERSION || !symbols.size) return NULL;
    uint64_t first = word(table, SYMBOLS_AT) / 4, count = word(table, SYMBOLS_AT + 1);
    if (first > table.size / 4 || count > (table.size / 4 - first) / SYMBOL_WORDS) return NULL;
    struct bytes *known = arena_alloc(arena, (count + 1) * sizeof *known);
    for (uint64_t i = 0; i < count; i++) {
        uint32_t offset = word(table, first + i * SYMBOL_WORDS), size = word(table, first + i * SYMBOL_WORDS + 1);
        if (offset > text.size || size > text.size - offset) return NULL;
        known[i] = (struct bytes){text.data + offset, size};
    }
    qsort(known, count, sizeof *known, compare);

    for (uint64_t at = 0; at + sizeof(Elf64_Sym) <= symbols.size; at += sizeof(Elf64_Sym)) {
        Elf64_Sym symbol;
        memcpy(&symbol, symbols.data + at, sizeof symbol);
        unsigned type = ELF64_ST_TYPE(symbol.st_info);
        if (symbol.st_shndx == SHN_UNDEF || symbol.st_shndx == SHN_ABS || ELF64_ST_BIND(symbol.st_info) != STB_GLOBAL ||
            (type != STT_FUNC && type != STT_OBJECT && type != STT_TLS) || symbol.st_name >= strings.size)
            continue;
        const unsigned char *name = strings.data + symbol.st_name;
        struct bytes wanted = {name, strnlen((const char *)name, strings.size - symbol.st_name)};
        if (!bsearch(&wanted, known, count, sizeof *known, compare))
            return arena_printf(arena, "%.*s", (int)wanted.size, (const char *)name);
    }
    return NULL;
}
