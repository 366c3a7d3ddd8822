// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Consumes bitcode, produces its names. Bitcode has a table of symbols for linkers (llvm/Object/IRSymtab.h), which gives names as they are
// in machine code, those of assembly outside of functions among them.
#include "bitcode_symbols.h"

#include "bitcode.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/// Of the table: in words where its list of symbols and the name of the source are said to be, how long each symbol is, which word of it
/// has the flags, and which bit there says that it is not defined; LLVM changes the version with the layout.
enum { VERSION = 3, SYMBOLS_AT = 7, SOURCE_AT = 13, SYMBOL_WORDS = 6, FLAGS_AT = 5, UNDEFINED = 1 << 3 };

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

/// The text whose place and length are in two words of the table.
static bool text_at(struct bytes table, struct bytes texts, uint64_t index, struct bytes *text) {
    uint32_t offset = word(table, index), size = word(table, index + 1);
    if (offset > texts.size || size > texts.size - offset) return false;
    *text = (struct bytes){texts.data + offset, size};
    return true;
}

bool bitcode_symbols_read(struct arena *arena, struct bytes bitcode, struct bitcode_symbols *symbols) {
    struct bytes table = bitcode_blob(bitcode, BITCODE_SYMTAB), texts = bitcode_blob(bitcode, BITCODE_STRTAB), source, name;
    if (word(table, 0) != VERSION || !text_at(table, texts, SOURCE_AT, &source)) return false;
    uint64_t first = word(table, SYMBOLS_AT) / 4, count = word(table, SYMBOLS_AT + 1);
    if (first > table.size / 4 || count > (table.size / 4 - first) / SYMBOL_WORDS) return false;
    *symbols = (struct bitcode_symbols){
        .defined = arena_alloc(arena, (count + 1) * sizeof *symbols->defined),
        .declared = arena_alloc(arena, (count + 1) * sizeof *symbols->declared),
        .joined = source.size == strlen("llvm-link") && !memcmp(source.data, "llvm-link", source.size),
    };
    for (uint64_t i = first; i < first + count * SYMBOL_WORDS; i += SYMBOL_WORDS) {
        if (!text_at(table, texts, i, &name)) return false;
        if (word(table, i + FLAGS_AT) & UNDEFINED)
            symbols->declared[symbols->declared_count++] = name;
        else
            symbols->defined[symbols->defined_count++] = name;
    }
    qsort(symbols->defined, symbols->defined_count, sizeof name, compare);
    qsort(symbols->declared, symbols->declared_count, sizeof name, compare);
    return true;
}

bool bitcode_defines(const struct bitcode_symbols *symbols, struct bytes name) {
    return bsearch(&name, symbols->defined, symbols->defined_count, sizeof name, compare);
}

bool bitcode_declares(const struct bitcode_symbols *symbols, struct bytes name) {
    return bsearch(&name, symbols->declared, symbols->declared_count, sizeof name, compare);
}

/// The twelve bits that a character of a record takes: two groups of five with a bit that says if one follows.
static unsigned encoded(unsigned char c) { return (c & 31u) | 32u | (unsigned)(c >> 5) << 6; }

/// Assembly is kept as records without an abbreviation, at any bit; only a name that is suspected is looked for, so that the whole is
/// walked for few objects.
bool bitcode_has_label(struct arena *arena, struct bytes bitcode, struct bytes name) {
    size_t length = name.size + 1;
    unsigned *wanted = arena_alloc(arena, length * sizeof *wanted);
    for (size_t i = 0; i < length; i++) {
        unsigned char c = i < name.size ? name.data[i] : ':';
        if (c < 32 || c > 127) return false;
        wanted[i] = encoded(c);
    }
    uint64_t bits = (uint64_t)bitcode.size * 8, needed = (uint64_t)length * 12;
    for (uint64_t start = 0; start + needed + 16 <= bits; start++) {
        size_t i = 0;
        for (; i < length; i++) {
            uint64_t at = start + (uint64_t)i * 12;
            const unsigned char *p = bitcode.data + at / 8;
            unsigned value = (p[0] | (unsigned)p[1] << 8 | (unsigned)p[2] << 16) >> (at & 7) & 0xfff;
            if (value != wanted[i]) break;
        }
        if (i == length) return true;
    }
    return false;
}
