/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * What a run does with its chunks, per pair of a call and its callee. How much of a chunk is used is known by painting it before it is
 * used, and looking how much of the paint is left when it goes or its thread waits. What is not paint then holds the return addresses of
 * calls that are going on or have been made: a call that is never among them is hardly ever made. Runs on service stacks and big stacks; makes no
 * call that may be interposed, and holds its lock for no longer than it takes to count.
 */
#include "profile.h"

#include <elf.h>
#include <sys/mman.h>

#include "../proc/env.h"
#include "../proc/message.h"
#include "../sched/monitor.h"
#include "chunk.h"

#define PAINT 0x5ca1ab1ec0a75011ull

/* Calls that link, and pairs of them one in the other; in httpd 300 and 700 come up. The tables below are twice as large. */
#define SITES_MAX 8192u
#define PAIRS_MAX 16384u

uint8_t capr__profiling, capr__profile_writing;
struct capr_profile capr__profile;

static uint32_t *site_table, *pair_table; /* numbers, from 1, by hash */
static uint64_t text_start, text_bytes;
static uint32_t busy;

/* Below a chunk's base. */
struct record {
    uint32_t site;    /* number, from 1; 0: none yet */
    uint32_t need;    /* bytes */
    uint64_t top;     /* address below which the callee's own bytes begin */
    uint64_t low;     /* the lowest byte that is known to have been used */
    uint8_t painted;
    uint8_t spared;   /* the smallest class that would have spared the link; CAPR_CLASSES: none */
};
static_assert(sizeof(struct record) <= CAPR_PROFILE_BELOW, "the record lies below the base");

static struct record *record_of(const struct capr_chunk *chunk) { return (struct record *)(chunk->base - capr__chunk_spare); }

/* Has a record. Memory that the program supplied has none, nor has the chunk with the record of a thread that runs there. */
static int is_known(const struct capr_chunk *chunk) { return chunk->size_class != CAPR_CLASS_SUPPLIED; }

extern const Elf64_Ehdr __ehdr_start __attribute__((visibility("hidden")));

/* The program's code: the loaded segment that this function is in. */
static void find_text(void) {
    const Elf64_Phdr *header = (const Elf64_Phdr *)((const char *)&__ehdr_start + __ehdr_start.e_phoff), *end = header + __ehdr_start.e_phnum;
    uint64_t here = (uint64_t)find_text, bias = 0;
    for (const Elf64_Phdr *h = header; h != end; h++)
        if (h->p_type == PT_LOAD && h->p_offset == 0) bias = (uint64_t)&__ehdr_start - h->p_vaddr;
    for (const Elf64_Phdr *h = header; h != end; h++)
        if (h->p_type == PT_LOAD && here - bias - h->p_vaddr < h->p_memsz) {
            text_start = bias + h->p_vaddr;
            text_bytes = h->p_memsz;
        }
}

static void *reserve(uint64_t bytes) {
    void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return p == MAP_FAILED ? NULL : p;
}

void capr__profile_init(void) {
    if (!capr__env.profile_file) return;
    if (capr__env.stack_mode != CAPR_STACK_NORMAL) {
        capr__warn("CAPRICCIO_PROFILE: ignored, since CAPRICCIO_STACK makes links of its own");
        return;
    }
    find_text();
    struct capr_profile *p = &capr__profile;
    p->sites = reserve((SITES_MAX + 1) * sizeof *p->sites);
    p->calls = reserve(CAPR_PROFILE_CALLS * sizeof *p->calls);
    p->pairs = reserve((PAIRS_MAX + 1) * sizeof *p->pairs);
    site_table = reserve(2 * SITES_MAX * sizeof *site_table);
    pair_table = reserve(2 * PAIRS_MAX * sizeof *pair_table);
    if (p->sites && p->pairs && p->calls && site_table && pair_table)
        capr__profiling = 1;
    else
        capr__warn("CAPRICCIO_PROFILE: ignored: out of memory");
}

void capr__profile_lock(void) { capr__spin_lock(&busy); }
void capr__profile_unlock(void) { capr__spin_unlock(&busy); }

static uint64_t hash(uint64_t a, uint64_t b) { return ((a ^ b << 29) * 0xd6e8feb86659fd93ull) >> 40; }

/* Where the number of a site is in the table, or belongs. Locked. */
static uint32_t *place_of(enum capr_profile_kind kind, uint64_t caller, uint64_t callee) {
    uint64_t at = hash(caller, callee) % (2 * SITES_MAX);
    for (; site_table[at]; at = (at + 1) % (2 * SITES_MAX)) {
        const struct capr_profile_site *s = &capr__profile.sites[site_table[at]];
        if (s->caller == caller && s->callee == callee && s->kind == kind) break;
    }
    return &site_table[at];
}

/* The number of a site, 0 if the table is full. Locked. */
static uint32_t site_for(enum capr_profile_kind kind, uint64_t caller, uint64_t callee) {
    struct capr_profile *p = &capr__profile;
    uint32_t *place = place_of(kind, caller, callee);
    if (*place) return *place;
    if (p->site_count == SITES_MAX) {
        p->lost++;
        return 0;
    }
    uint32_t number = ++p->site_count;
    p->sites[number].caller = caller;
    p->sites[number].callee = callee;
    p->sites[number].kind = (uint8_t)kind;
    return *place = number;
}

void capr__profile_moves(uint64_t from, uint64_t bytes, uint64_t to) {
    struct capr_profile *p = &capr__profile;
    capr__profile_lock();
    for (uint32_t i = 0; i < 2 * SITES_MAX; i++) site_table[i] = 0;
    for (uint32_t i = 1; i <= p->site_count; i++) {
        struct capr_profile_site *s = &p->sites[i];
        if (s->caller - from < bytes) s->caller += to - from;
        if (s->callee - from < bytes) s->callee += to - from;
        /* Of two that are alike now the first goes on counting; the other stays as it is. */
        uint32_t *place = place_of(s->kind, s->caller, s->callee);
        if (!*place) *place = i;
    }
    capr__profile_unlock();
}

static void count_pair(uint32_t outer, uint32_t inner, uint64_t ask) {
    struct capr_profile *p = &capr__profile;
    uint64_t at = hash(outer, inner) % (2 * PAIRS_MAX);
    for (; pair_table[at]; at = (at + 1) % (2 * PAIRS_MAX)) {
        struct capr_profile_pair *pair = &p->pairs[pair_table[at]];
        if (pair->outer == outer && pair->inner == inner) {
            pair->links++;
            if (pair->ask < ask) pair->ask = ask;
            return;
        }
    }
    if (p->pair_count == PAIRS_MAX) return;
    uint32_t number = ++p->pair_count;
    p->pairs[number].outer = outer;
    p->pairs[number].inner = inner;
    p->pairs[number].links = 1;
    p->pairs[number].ask = ask;
    pair_table[at] = number;
}

void capr__profile_made(struct capr_chunk *chunk, uint64_t below) {
    struct record *r = record_of(chunk);
    r->site = 0;
    r->need = (uint32_t)below;
    r->top = r->low = (uint64_t)chunk;
    r->spared = CAPR_CLASSES;
    /* What is larger would take as much memory as it has, which the program may never use. */
    r->painted = chunk->size <= CAPR_CLASS_TOP;
    if (r->painted)
        for (volatile uint64_t *word = (uint64_t *)chunk->base; (uint64_t)word < (uint64_t)chunk; word++) *word = PAINT;
}

/* Counts the word if it is a return address: of the program's text, behind a call by name. Locked. */
static void look_at(uint64_t word) {
    struct capr_profile *p = &capr__profile;
    if (word - 5 - text_start >= text_bytes || ((const unsigned char *)word)[-5] != 0xe8) return;
    uint64_t at = hash(word, 0) % CAPR_PROFILE_CALLS;
    while (p->calls[at].back && p->calls[at].back != word) at = (at + 1) % CAPR_PROFILE_CALLS;
    if (!p->calls[at].back) {
        if (p->call_count == CAPR_PROFILE_CALLS / 2) return;
        p->call_count++;
        p->calls[at].back = word;
    }
    p->calls[at].seen++;
}

static void look_at_calls(const struct capr_chunk *chunk, const struct record *r) {
    if (r->painted)
        for (const uint64_t *word = (uint64_t *)r->low; (uint64_t)word < (uint64_t)chunk; word++) look_at(*word);
}

/* The lowest byte of a chunk that has been used. */
static uint64_t low_of(const struct capr_chunk *chunk, struct record *r) {
    if (!r->painted) return r->low = r->top - r->need;
    const uint64_t *word = (uint64_t *)(chunk->base + CAPR_RESERVE);
    while ((uint64_t)word < r->low && *word == PAINT) word++;
    return r->low = (uint64_t)word;
}

static uint64_t unused_of(const struct capr_chunk *chunk, struct record *r) {
    uint64_t low = low_of(chunk, r), limit = chunk->base + CAPR_RESERVE;
    return r->painted && low > limit ? low - limit : 0;
}

/* The site of a chunk, which for a thread's first is found when the thread is known. Locked. */
static struct capr_profile_site *site_of(const struct capr_chunk *chunk, struct record *r) {
    if (!r->site && chunk->flags & CAPR_CHUNK_RECORD) {
        const struct capr_thread *t = (const struct capr_thread *)chunk - 1;
        r->top = (uint64_t)t - 8;
        r->need -= (uint32_t)sizeof *t + 8;
        r->site = site_for(CAPR_PROFILE_THREAD, 0, (uint64_t)t->start);
        if (r->site) {
            struct capr_profile_site *s = &capr__profile.sites[r->site];
            s->links++;
            s->bytes += chunk->size;
            if (s->need < r->need) s->need = r->need;
        }
    }
    return r->site ? &capr__profile.sites[r->site] : NULL;
}

void capr__profile_linked(struct capr_chunk *chunk, enum capr_profile_kind kind, uint64_t caller, uint64_t callee, uint64_t need,
                          uint64_t top, uint64_t sp) {
    const struct capr_chunk *from = chunk->prev;
    struct record *r = record_of(chunk);
    capr__profile_lock();
    r->top = top;
    r->need = (uint32_t)need;
    r->site = site_for(kind, caller, callee);
    uint32_t outer = 0;
    uint64_t room = 0, ask = 0;
    if (from && is_known(from) && sp - from->base < from->size) {
        struct record *its = record_of(from);
        site_of(from, its);
        outer = its->site;
        ask = its->top - sp + need;
        room = sp > from->base + CAPR_RESERVE ? sp - from->base - CAPR_RESERVE : 0;
        /* The first chunk of a thread is as large as its start function asks, whatever MinChunk is. */
        for (unsigned c = 0; c < CAPR_CLASSES && !(from->flags & CAPR_CHUNK_RECORD); c++)
            if (capr__chunk_class_bytes(c) >= from->size && capr__chunk_class_bytes(c) - from->size + room >= need) {
                r->spared = (uint8_t)c;
                capr__profile.classes[c].spared++;
                break;
            }
    }
    if (r->site) {
        struct capr_profile_site *s = &capr__profile.sites[r->site];
        s->links++;
        s->bytes += chunk->size;
        s->left += room;
        if (s->need < need) s->need = need;
        count_pair(outer, r->site, ask);
    }
    capr__profile_unlock();
}

void capr__profile_gone(struct capr_chunk *chunk) {
    if (!is_known(chunk)) return;
    struct record *r = record_of(chunk);
    uint64_t unused = unused_of(chunk, r);
    capr__profile_lock();
    look_at_calls(chunk, r);
    struct capr_profile_site *s = site_of(chunk, r);
    if (s) {
        uint64_t used = r->top > r->low ? r->top - r->low : 0;
        s->returns++;
        s->unused += unused;
        s->used += used;
        if (s->deepest < used) s->deepest = used;
    }
    r->site = 0;
    capr__profile_unlock();
}

/* Bytes of a linked chunk, were none smaller than class `c`. */
static uint64_t grown(const struct capr_chunk *chunk, const struct record *r, unsigned c) {
    if (chunk->flags & CAPR_CHUNK_RECORD) return chunk->size;
    if (c >= r->spared) return 0;
    uint64_t least = r->need + 8 + CAPR_RESERVE + sizeof *chunk, bytes = capr__chunk_class_bytes(c);
    if (bytes < least) bytes = least <= CAPR_CLASS_TOP ? capr__chunk_class_bytes(capr__class_index[(least + 63) / 64]) : chunk->size;
    return bytes;
}

void capr__profile_waits(const struct capr_thread *self) {
    struct capr_profile *p = &capr__profile;
    capr__profile_lock();
    p->waits++;
    for (const struct capr_chunk *chunk = self->chunk; chunk && is_known(chunk); chunk = chunk->prev) {
        struct record *r = record_of(chunk);
        struct capr_profile_site *s = site_of(chunk, r);
        uint64_t unused = unused_of(chunk, r);
        for (unsigned c = 0; c < CAPR_CLASSES; c++) p->classes[c].bytes += grown(chunk, r, c);
        look_at_calls(chunk, r);
        if (!s) continue;
        if (r->top > r->low && s->deepest < r->top - r->low) s->deepest = r->top - r->low;
        if (chunk == self->chunk) {
            s->waits++;
            s->idle += unused;
        } else {
            s->holds++;
            s->held += unused;
        }
    }
    capr__profile_unlock();
}

void capr__profile_ends(const struct capr_thread *self) {
    /* The others go by capr__profile_gone. */
    struct capr_chunk *chunk = self->chunk;
    while (chunk && is_known(chunk) && chunk->prev) chunk = chunk->prev;
    if (chunk && is_known(chunk) && chunk->flags & CAPR_CHUNK_RECORD) capr__profile_gone(chunk);
}

/* Chunks that the child holds stay what they are; what they were linked for is their parent's to count. */
void capr__profile_forked(void) {
    struct capr_profile *p = &capr__profile;
    busy = capr__profile_writing = 0;
    if (!capr__profiling) return;
    for (uint32_t i = 1; i <= p->site_count; i++) {
        struct capr_profile_site *s = &p->sites[i];
        *s = (struct capr_profile_site){.caller = s->caller, .callee = s->callee, .kind = s->kind};
    }
    for (uint32_t i = 1; i <= p->pair_count; i++) p->pairs[i].links = p->pairs[i].ask = 0;
    for (uint32_t i = 0; i < CAPR_PROFILE_CALLS; i++) p->calls[i].seen = 0;
    for (unsigned c = 0; c < CAPR_CLASSES; c++) p->classes[c] = (struct capr_profile_class){0};
    p->waits = p->lost = 0;
}
