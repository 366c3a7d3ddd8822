// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Consumes bitcode, tells what it was made for. There is no flag at a fixed place: a thin module is one that holds a
// GLOBALVAL_SUMMARY block where a full one holds FULL_LTO_GLOBALVAL_SUMMARY. So the module's own level of the bit
// stream is walked; nested blocks are jumped over by their length. The format is that of LLVM's "Bitcode File Format"
// document. Done here, since loading libLLVM would cost more than most compiles' driver work.
#include "bitcode.h"

#include <stdint.h>
#include <string.h>

enum { END_BLOCK = 0, ENTER_SUBBLOCK = 1, DEFINE_ABBREV = 2, UNABBREV_RECORD = 3, FIRST_ABBREV = 4 };
enum { MODULE_BLOCK = 8, THIN_SUMMARY_BLOCK = 20 };
enum { OP_FIXED = 1, OP_VBR = 2, OP_ARRAY = 3, OP_CHAR6 = 4, OP_BLOB = 5, OP_LITERAL = 6 };
/// LLVM's own module abbreviations number two; more than these, or longer ones, make the walk give up.
enum { MAX_ABBREVS = 32, MAX_OPS = 32 };
#define MAGIC 0xdec04342u
#define WRAPPER_MAGIC 0x0b17c0deu

struct stream {
    const unsigned char *data;
    uint64_t size, at; ///< bits
    bool failed;       ///< read past the end, or met what it cannot follow
};

struct abbrev {
    unsigned ops;
    struct {
        unsigned char kind;
        uint32_t width; ///< bits of OP_FIXED and OP_VBR
    } op[MAX_OPS];
};

static uint64_t fixed(struct stream *s, unsigned width) {
    if (width > 64 || s->size - s->at < width) {
        s->failed = true;
        s->at = s->size;
        return 0;
    }
    uint64_t value = 0;
    for (unsigned done = 0; done < width;) {
        unsigned shift = (unsigned)(s->at & 7), take = 8 - shift;
        if (take > width - done) take = width - done;
        value |= (uint64_t)(s->data[s->at >> 3] >> shift & ((1u << take) - 1)) << done;
        s->at += take;
        done += take;
    }
    return value;
}

static uint64_t vbr(struct stream *s, unsigned width) {
    if (width < 2 || width > 32) {
        s->failed = true;
        return 0;
    }
    uint64_t value = 0, more = 1ull << (width - 1);
    for (unsigned shift = 0; shift < 64 && !s->failed; shift += width - 1) {
        uint64_t chunk = fixed(s, width);
        value |= (chunk & (more - 1)) << shift;
        if (!(chunk & more)) return value;
    }
    s->failed = true;
    return 0;
}

/// To the next multiple of 32 bits.
static void align(struct stream *s) {
    uint64_t to = (s->at + 31) & ~31ull;
    if (to > s->size) s->failed = true;
    s->at = to > s->size ? s->size : to;
}

static void skip(struct stream *s, uint64_t bits) {
    if (bits > s->size - s->at) {
        s->failed = true;
        s->at = s->size;
    } else {
        s->at += bits;
    }
}

static void define_abbrev(struct stream *s, struct abbrev *abbrev) {
    uint64_t count = vbr(s, 5);
    if (count > MAX_OPS) {
        s->failed = true;
        return;
    }
    abbrev->ops = (unsigned)count;
    for (unsigned i = 0; i < count && !s->failed; i++) {
        abbrev->op[i].width = 0;
        if (fixed(s, 1)) {
            vbr(s, 8);
            abbrev->op[i].kind = OP_LITERAL;
            continue;
        }
        abbrev->op[i].kind = (unsigned char)fixed(s, 3);
        if (abbrev->op[i].kind == OP_FIXED || abbrev->op[i].kind == OP_VBR) abbrev->op[i].width = (uint32_t)vbr(s, 5);
    }
}

static void skip_scalar(struct stream *s, unsigned kind, uint32_t width) {
    if (kind == OP_FIXED)
        fixed(s, width);
    else if (kind == OP_VBR && width)
        vbr(s, width);
    else if (kind == OP_CHAR6)
        fixed(s, 6);
    else if (kind != OP_LITERAL && !(kind == OP_VBR && !width))
        s->failed = true;
}

static void skip_record(struct stream *s, const struct abbrev *abbrev) {
    for (unsigned i = 0; i < abbrev->ops && !s->failed; i++) {
        unsigned kind = abbrev->op[i].kind;
        if (kind == OP_ARRAY) {
            if (++i >= abbrev->ops) {
                s->failed = true;
                return;
            }
            for (uint64_t n = vbr(s, 6); n && !s->failed; n--)
                if (abbrev->op[i].kind == OP_LITERAL)
                    break;
                else
                    skip_scalar(s, abbrev->op[i].kind, abbrev->op[i].width);
        } else if (kind == OP_BLOB) {
            uint64_t bytes = vbr(s, 6);
            align(s);
            if (bytes > s->size)
                s->failed = true;
            else
                skip(s, bytes * 8);
            align(s);
        } else {
            skip_scalar(s, kind, abbrev->op[i].width);
        }
    }
}

/// Reads the header of a block; `*bits` is the length of its contents.
static uint64_t enter(struct stream *s, unsigned *width, uint64_t *bits) {
    uint64_t id = vbr(s, 8);
    *width = (unsigned)vbr(s, 4);
    align(s);
    *bits = fixed(s, 32) * 32;
    return id;
}

/// Walks the contents of a module block, at which `s` stands and which end where it ends.
static bool module_is_thin(struct stream s, unsigned width) {
    struct abbrev abbrevs[MAX_ABBREVS];
    unsigned count = 0;
    while (!s.failed && s.at < s.size) {
        uint64_t id = fixed(&s, width);
        if (s.failed || id == END_BLOCK) return false;
        if (id == ENTER_SUBBLOCK) {
            unsigned inner;
            uint64_t bits;
            if (enter(&s, &inner, &bits) == THIN_SUMMARY_BLOCK && !s.failed) return true;
            skip(&s, bits);
        } else if (id == DEFINE_ABBREV) {
            if (count == MAX_ABBREVS) return false;
            define_abbrev(&s, &abbrevs[count++]);
        } else if (id == UNABBREV_RECORD) {
            vbr(&s, 6);
            for (uint64_t n = vbr(&s, 6); n && !s.failed; n--) vbr(&s, 6);
        } else if (id - FIRST_ABBREV < count) {
            skip_record(&s, &abbrevs[id - FIRST_ABBREV]);
        } else {
            return false;
        }
    }
    return false;
}

static uint32_t word_at(struct bytes file, size_t offset) {
    const unsigned char *p = file.data + offset;
    return file.size < 4 || offset > file.size - 4 ? 0 : p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

bool bitcode_is(struct bytes file) {
    uint32_t magic = word_at(file, 0);
    return magic == MAGIC || magic == WRAPPER_MAGIC;
}

struct bytes bitcode_unwrap(struct bytes file) {
    if (word_at(file, 0) != WRAPPER_MAGIC) return file;
    uint32_t offset = word_at(file, 8), size = word_at(file, 12);
    if (offset > file.size || size > file.size - offset) return (struct bytes){0};
    return (struct bytes){file.data + offset, size};
}

/// Walks the outermost blocks until the end, a thin module (`*thin`), or the magic of another file; returns the bytes
/// walked.
static size_t walk(struct bytes file, bool *thin) {
    *thin = false;
    if (word_at(file, 0) != MAGIC) return file.size;
    struct stream s = {file.data, (uint64_t)file.size * 8, 32, false};
    while (s.size - s.at >= 64) {
        size_t byte = (size_t)(s.at / 8);
        if (word_at(file, byte) == MAGIC) return byte;
        unsigned width;
        uint64_t bits;
        if (fixed(&s, 2) != ENTER_SUBBLOCK) return file.size; // padding
        uint64_t id = enter(&s, &width, &bits);
        struct stream contents = s;
        skip(&s, bits);
        if (s.failed) return file.size;
        contents.size = s.at;
        if (id == MODULE_BLOCK && module_is_thin(contents, width)) {
            *thin = true;
            return file.size;
        }
    }
    return file.size;
}

bool bitcode_is_thin(struct bytes file) {
    bool thin;
    walk(bitcode_unwrap(file), &thin);
    return thin;
}

/// The bytes of the one blob that the block has, at whose contents `s` stands.
static struct bytes blob_in(struct stream s, unsigned width) {
    struct abbrev abbrev = {0};
    uint64_t id;
    while ((id = fixed(&s, width)) == DEFINE_ABBREV && !s.failed) define_abbrev(&s, &abbrev);
    if (s.failed || id != FIRST_ABBREV || abbrev.ops != 2 || abbrev.op[0].kind != OP_LITERAL || abbrev.op[1].kind != OP_BLOB)
        return (struct bytes){0};
    uint64_t size = vbr(&s, 6);
    align(&s);
    if (s.failed || size > (s.size - s.at) / 8) return (struct bytes){0};
    return (struct bytes){s.data + s.at / 8, (size_t)size};
}

struct bytes bitcode_blob(struct bytes file, enum bitcode_block wanted) {
    struct stream s = {file.data, (uint64_t)file.size * 8, 32, false};
    while (word_at(file, 0) == MAGIC && s.size - s.at >= 64 && fixed(&s, 2) == ENTER_SUBBLOCK) {
        unsigned width;
        uint64_t bits, id = enter(&s, &width, &bits);
        struct stream contents = s;
        skip(&s, bits);
        if (s.failed) break;
        contents.size = s.at;
        if (id == wanted) return blob_in(contents, width);
    }
    return (struct bytes){0};
}

size_t bitcode_first_length(struct bytes file) {
    bool thin;
    return walk(file, &thin);
}
