/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Where chunks come from: arenas cut into size classes, mappings of their own for what is larger than 64 KiB, and in
 * CAPRICCIO_STACK=guard a mapping for each, that ends in a guard page exactly where the promised bytes do. Runs on the service
 * stack or a big stack; makes no call that may be interposed. Under valgrind some memory below each chunk stays free (valgrind.h).
 *
 * Class sizes are odd multiples of 64 bytes: neighbours of one class then start in different cache sets, and an odd step visits
 * all 64 sets. Tops that share a set make a switch among 1,000 threads three times slower (13.1 against 4.2 ns).
 */
#include "chunk.h"

#include <stdlib.h>
#include <sys/mman.h>

#include "../proc/env.h"
#include "../proc/message.h"
#include "../sched/workers.h"
#include "../thread/extra.h"
#include "balance.h"
#include "profile.h"
#include "valgrind.h"

/* Steps of a quarter where most threads live, of one and a half to two above. The largest holds 64 KiB of stack and a record. */
static const uint32_t class_bytes[CAPR_CLASSES] = {448,  576,  704,  832,  960,   1216,  1600,
                                                   2368, 3520, 5312, 9280, 17728, 34112, CAPR_CLASS_TOP};

/* Memory asked of the kernel at a time: little for the first threads; from there on much, in huge pages, without which every
 * switch among 100,000 threads would miss the TLB. */
#define ARENA_BYTES (2u << 20)
#define ARENA_BYTES_LARGE (32u << 20)
#define ARENAS_SMALL 4
#define PAGE 4096u

/* Words below a canary chunk, all CANARY. As many bytes as a small frame: an overflow that skips them was no small one. */
#define CANARY_WORDS 16
#define CANARY 0xca9e5ec0c0ca9e5eull

/* Freed mappings of their own are kept up to so many bytes in all, for threads that call in turn a function with a large frame: to
 * map a megabyte anew and fill its pages costs 200 us. Fits is what is at most twice as large as asked for. */
#define LARGE_KEPT (8u << 20)
#define LARGE_TRIES 8

/* Freed guard mappings are kept by their page count, up to 16 pages; larger ones go back to the kernel at the next demand. */
#define GUARD_PAGES_KEPT 16

uint32_t capr__class_limit;
uint64_t capr__limit_mask;
uint64_t capr__link_least = 7;
uint16_t capr__link_class;
uint8_t capr__class_index[CAPR_CLASS_TOP / 64 + 1];

uint64_t capr__chunk_spare;

static struct capr_chunk *guard_free[GUARD_PAGES_KEPT + 1];
static struct capr_chunk *large_free;     /* large mappings given back, newest first, perhaps still run on until the next demand */
static uint64_t large_bytes;              /* of them */
static struct capr_chunk *canary_free;    /* not sorted: first fit of at most CANARY_TRIES */
static uint64_t checked_bytes;            /* of what is in canary_free and guard_free */
static uint32_t guard_left;               /* mappings that may still be made with a guard page */

#define CANARY_TRIES 8

static uint32_t shared_lock; /* of these */

/* A return address lies between the header and the bytes that a link asks for. */
static uint64_t link_need(void) { return class_bytes[capr__link_class] - sizeof(struct capr_chunk) - CAPR_RESERVE - 8 + 1; }

void capr__chunk_worker_init(struct capr_worker *w) {
    if (capr__env.stack_mode == CAPR_STACK_NORMAL) w->link_need = capr__profiling ? 0 : link_need();
    w->chunk_check = capr__env.stack_max;
}

void capr__chunk_init(struct capr_worker *w) {
    unsigned c = 0;
    for (unsigned i = 0; i <= CAPR_CLASS_TOP / 64; i++) {
        while (class_bytes[c] < i * 64) c++;
        capr__class_index[i] = (uint8_t)c;
    }
    uint32_t min = capr__env.min_chunk;
    if (min > CAPR_CLASS_TOP) min = CAPR_CLASS_TOP;
    capr__link_class = capr__class_index[(min + 63) / 64];
    capr__class_limit = capr__env.stack_mode == CAPR_STACK_GUARD ? 0 : CAPR_CLASS_TOP;
    capr__limit_mask = capr__env.stack_mode == CAPR_STACK_ALWAYS ? UINT64_MAX : 0;
    capr__profile_init();
    capr__chunk_worker_init(w);
    if (capr__env.stack_mode == CAPR_STACK_NORMAL) capr__link_least = link_need() + 7;
    /* Under valgrind, from a limit; a multiple of 64, as are the classes. */
    static_assert((CAPR_VALGRIND_BELOW - CAPR_RESERVE) % 64 == 0, "tops of chunks stay 64-aligned");
    capr__chunk_spare = capr__under_valgrind() ? CAPR_VALGRIND_BELOW - CAPR_RESERVE : 0;
    if (capr__profiling) {
        capr__chunk_spare += CAPR_PROFILE_BELOW;
        capr__class_limit = 0;
    }
    /* Two mappings each; half of what the kernel allows is left to the program. */
    guard_left = capr__env.map_count_max / 4;
}

/* Fresh memory, or 0. */
static uint64_t map(uint64_t bytes) {
    void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return p == MAP_FAILED ? 0 : (uint64_t)p;
}

/* A thread on a stack that the program supplied may link as many bytes as it has, or this many if it has fewer: what a checkpoint
 * asks for is a bound, several times what is used, so a program that natively just fits has to go on. */
#define SUPPLIED_SLACK (256u << 10)

static void look_at_supplied(const struct capr_thread *self) {
    uint64_t linked = 0;
    const struct capr_chunk *c = self->chunk;
    for (; c && c->size_class != CAPR_CLASS_SUPPLIED; c = c->prev) linked += c->size;
    if (c && linked > (c->size > SUPPLIED_SLACK ? c->size : SUPPLIED_SLACK))
        capr__fatal_thread("the stack of %llu bytes that pthread_attr_setstack supplied overflowed, by %llu bytes; recursion without "
                           "end? else supply a larger one, or none: stacks grow", self->stack_asked * 16ull, (unsigned long long)linked);
}

/* Counts new memory. One thread's share is looked at only when the total has grown to a new mark: walking its chunks at each
 * link would cost more than the link. */
static void account(uint64_t bytes) {
    struct capr_worker *w = &capr__worker;
    CAPR_SHOW_MORE(w->chunk_bytes, bytes);
    capr__chunks_moved(bytes);
    if (w->self && w->self->extra && ((struct capr_extra *)w->self->extra)->stack) look_at_supplied(w->self);
    if (w->chunk_bytes < w->chunk_check || !w->self) return;
    uint64_t used = 0;
    for (struct capr_chunk *c = w->self->chunk; c; c = c->prev) used += c->size_class == CAPR_CLASS_SUPPLIED ? 0 : c->size;
    if (used >= capr__env.stack_max)
        capr__fatal_thread("stack of %llu bytes reached CAPRICCIO_STACK_MAX; recursion without end? else raise CAPRICCIO_STACK_MAX",
                           (unsigned long long)used);
    w->chunk_check = w->chunk_bytes + capr__env.stack_max / 8;
}

/* Whole pages for a chunk of `size` bytes that has a mapping of its own. */
static uint64_t pages_for(uint64_t size) { return (size + capr__chunk_spare + PAGE - 1) / PAGE; }

/* Bytes of memory that a chunk takes, guard page and arenas' spare excepted. Those of one class differ in size in guard mode only. */
static uint64_t footprint(const struct capr_chunk *chunk) {
    if (chunk->size_class == CAPR_CLASS_CANARY) return chunk->size + capr__chunk_spare + CANARY_WORDS * 8;
    if (chunk->size_class >= CAPR_CLASSES) return pages_for(chunk->size) * PAGE;
    return chunk->size;
}

static struct capr_chunk *place(uint64_t base, uint64_t size, unsigned size_class) {
    struct capr_chunk *chunk = (struct capr_chunk *)(base + size - sizeof *chunk);
    chunk->base = base;
    chunk->size = (uint32_t)size;
    chunk->size_class = (uint16_t)size_class;
    chunk->flags = size_class == capr__link_class && capr__worker.link_need ? CAPR_CHUNK_QUICK : 0;
    chunk->saved_big_sp = CAPR_BIG_NOT_HELD;
    chunk->saved_big = NULL;
    return chunk;
}

static int new_arena(struct capr_worker *w) {
    static unsigned arenas;
    uint64_t bytes = arenas < ARENAS_SMALL ? ARENA_BYTES : ARENA_BYTES_LARGE, start = map(bytes);
    if (!start && bytes > ARENA_BYTES) start = map(bytes = ARENA_BYTES);
    if (!start) return 0;
    if (bytes > ARENA_BYTES) madvise((void *)start, bytes, MADV_HUGEPAGE);
    arenas++;
    w->arena_next = start;
    w->arena_end = start + bytes;
    return 1;
}

static struct capr_chunk *cut(unsigned size_class) {
    struct capr_worker *w = &capr__worker;
    uint32_t bytes = class_bytes[size_class];
    if (w->arena_end - w->arena_next < bytes + capr__chunk_spare) {
        uint64_t old = w->arena_next, left = w->arena_end - old;
        if (!new_arena(w)) return NULL;
        /* What is left of the old arena becomes a chunk of the largest class that fits; not before the arena has been replaced,
         * or the next cut would have the same memory again. */
        if (left >= class_bytes[0] + capr__chunk_spare) {
            left -= capr__chunk_spare;
            unsigned c = capr__class_index[left / 64];
            if (class_bytes[c] > left) c--;
            CAPR_SHOW_MORE(w->chunk_bytes, class_bytes[c]);
            capr__chunk_give(place(old + capr__chunk_spare, class_bytes[c], c));
        }
    }
    struct capr_chunk *chunk = place(w->arena_next + capr__chunk_spare, bytes, size_class);
    w->arena_next += bytes + capr__chunk_spare;
    account(bytes);
    return chunk;
}

static uint64_t guard_mapping(const struct capr_chunk *chunk, uint64_t *bytes) {
    uint64_t guard = chunk->size_class == CAPR_CLASS_GUARD ? PAGE : 0;
    *bytes = guard + footprint(chunk);
    return chunk->base - capr__chunk_spare - guard;
}

/* Gives the oldest large mappings back to the kernel, but for the `kept` bytes. */
static void unmap_large(uint64_t kept) {
    struct capr_chunk **link = &large_free;
    for (uint64_t bytes = 0; *link && (bytes += footprint(*link)) <= kept;) link = &(*link)->prev;
    while (*link) {
        struct capr_chunk *chunk = *link;
        *link = chunk->prev;
        CAPR_SHOW_MORE(large_bytes, -footprint(chunk));
        uint64_t bytes, start = guard_mapping(chunk, &bytes);
        if (chunk->size_class == CAPR_CLASS_GUARD) guard_left++;
        CAPR_SHOW_MORE(capr__worker.chunk_bytes, -footprint(chunk));
        munmap((void *)start, bytes);
    }
}

/* A large mapping that was given back, of `bytes` or up to twice as many; or NULL. */
static struct capr_chunk *reuse_large(uint64_t bytes) {
    struct capr_chunk **link = &large_free;
    for (int i = 0; i < LARGE_TRIES && *link; i++, link = &(*link)->prev) {
        struct capr_chunk *chunk = *link;
        uint64_t has = footprint(chunk);
        if (has < bytes || has > 2 * bytes) continue;
        *link = chunk->prev;
        CAPR_SHOW_MORE(large_bytes, -has);
        return place(chunk->base, chunk->size, CAPR_CLASS_MMAP);
    }
    return NULL;
}

static struct capr_chunk *make_canary(uint64_t size) {
    struct capr_chunk **link = &canary_free;
    for (int i = 0; i < CANARY_TRIES && *link; i++, link = &(*link)->prev)
        if ((*link)->size == size) {
            struct capr_chunk *chunk = *link;
            *link = chunk->prev;
            CAPR_SHOW_MORE(checked_bytes, -footprint(chunk));
            return chunk;
        }
    struct capr_worker *w = &capr__worker;
    uint64_t bytes = size + capr__chunk_spare + CANARY_WORDS * 8;
    uint64_t start;
    if (bytes > ARENA_BYTES / 8) {
        start = map(bytes);
        if (!start) return NULL;
    } else {
        if (w->arena_end - w->arena_next < bytes) {
            if (!new_arena(w)) return NULL;
        }
        start = w->arena_next;
        w->arena_next += bytes;
    }
    for (int i = 0; i < CANARY_WORDS; i++) ((uint64_t *)start)[i] = CANARY;
    account(bytes);
    return place(start + CANARY_WORDS * 8 + capr__chunk_spare, size, CAPR_CLASS_CANARY);
}

static struct capr_chunk *make_guarded(uint64_t size) {
    uint64_t pages = pages_for(size);
    if (pages <= GUARD_PAGES_KEPT && guard_free[pages]) {
        struct capr_chunk *old = guard_free[pages];
        guard_free[pages] = old->prev;
        CAPR_SHOW_MORE(checked_bytes, -footprint(old));
        return place(old->base, size, CAPR_CLASS_GUARD);
    }
    if (!guard_left) return make_canary(size);
    uint64_t start = map((pages + 1) * PAGE);
    if (start && mprotect((void *)start, PAGE, PROT_NONE)) {
        munmap((void *)start, (pages + 1) * PAGE);
        start = 0;
    }
    if (!start) /* perhaps for want of mappings, which a canary does without */
        return make_canary(size);
    guard_left--;
    account(pages * PAGE);
    return place(start + PAGE + capr__chunk_spare, size, CAPR_CLASS_GUARD);
}

static struct capr_chunk *make(uint64_t below) {
    uint64_t size = (below + CAPR_RESERVE + sizeof(struct capr_chunk) + 15) & ~15ull;
    if (capr__env.stack_mode == CAPR_STACK_GUARD) {
        unmap_large(0);
        return size > UINT32_MAX - 2 * PAGE ? NULL : make_guarded(size);
    }
    uint64_t bytes = size > CAPR_CLASS_TOP ? pages_for(size) * PAGE : 0;
    struct capr_chunk *large = bytes ? reuse_large(bytes) : NULL;
    if (large_bytes > LARGE_KEPT) unmap_large(LARGE_KEPT);
    if (large) return large;
    if (size > UINT32_MAX - 2 * PAGE) return NULL;
    if (bytes) {
        uint64_t start = map(bytes);
        if (!start) return NULL;
        account(bytes);
        return place(start + capr__chunk_spare, bytes - capr__chunk_spare, CAPR_CLASS_MMAP);
    }
    unsigned size_class = capr__class_index[(size + 63) / 64];
    struct capr_chunk **list = capr__chunk_list(&capr__worker, size_class), *chunk = *list;
    if (!chunk && capr__many) chunk = capr__chunks_of_others(size_class);
    if (!chunk) return cut(size_class);
    *list = chunk->prev;
    return chunk;
}

static void bury(struct capr_chunk *chunk);

/* Large ones that have been given back and are not used any more. With the lock. */
static void bury_all(struct capr_worker *w) {
    for (struct capr_chunk *next; w->to_bury; w->to_bury = next) { /* its thread has been switched away from since */
        next = w->to_bury->prev;
        bury(w->to_bury);
    }
}

void capr__chunks_settle(struct capr_worker *w) {
    if (!w->to_bury) return;
    capr__spin_lock(&shared_lock);
    bury_all(w);
    if (large_bytes > LARGE_KEPT) unmap_large(LARGE_KEPT);
    capr__spin_unlock(&shared_lock);
}

static struct capr_chunk *make_for_worker(uint64_t below) {
    if (!capr__many) return make(below);
    struct capr_worker *w = &capr__worker;
    capr__spin_lock(&shared_lock);
    bury_all(w);
    struct capr_chunk *chunk = make(below);
    capr__spin_unlock(&shared_lock);
    return chunk;
}

void capr__chunk_bury(struct capr_chunk *chunk) {
    if (chunk->size_class == CAPR_CLASS_SUPPLIED) /* the program's memory, which may be gone soon */
        return;
    if (!capr__many) {
        bury(chunk);
        return;
    }
    chunk->prev = capr__worker.to_bury;
    capr__worker.to_bury = chunk;
}

void capr__chunks_hold(void) {
    capr__spin_lock(&shared_lock);
    capr__balance_hold();
}

void capr__chunks_release(void) {
    capr__balance_release();
    capr__spin_unlock(&shared_lock);
}

struct capr_chunk *capr__chunk_make(uint64_t below) {
    struct capr_chunk *chunk = make_for_worker(below);
    if (chunk && capr__profiling) capr__profile_made(chunk, below);
    return chunk;
}

uint32_t capr__chunk_class_bytes(unsigned size_class) { return class_bytes[size_class]; }

struct capr_chunk *capr__chunk_take(uint64_t below) {
    struct capr_chunk *chunk = capr__chunk_try(below);
    if (!chunk)
        capr__fatal_thread("out of memory for a stack chunk of %llu bytes; start fewer threads, or raise the memory limit "
                           "(ulimit -v, cgroup)", (unsigned long long)below);
    return chunk;
}

void capr__chunk_supply(struct capr_chunk *header, uint64_t base, uint64_t top) {
    base = ((base + 15) & ~15ull) + capr__chunk_spare;
    if (top - base > UINT32_MAX) /* the upper 4 GiB do */
        base = top - (UINT32_MAX & ~15u);
    *header = (struct capr_chunk){.base = base, .size = (uint32_t)(top - base), .size_class = CAPR_CLASS_SUPPLIED,
                                  .saved_big_sp = CAPR_BIG_NOT_HELD};
}

static void bury(struct capr_chunk *chunk) {
    struct capr_chunk **list = &large_free;
    if (chunk->size_class == CAPR_CLASS_CANARY) {
        for (int i = 1; i <= CANARY_WORDS; i++)
            if (((uint64_t *)(chunk->base - capr__chunk_spare))[-i] != CANARY)
                capr__fatal_thread("a stack chunk of %u bytes overflowed: a function needs more stack than capcc measured; "
                                   "report this with the program", chunk->size);
        list = &canary_free;
    } else if (chunk->size_class == CAPR_CLASS_GUARD) {
        uint64_t pages = pages_for(chunk->size);
        if (pages <= GUARD_PAGES_KEPT) list = &guard_free[pages];
    }
    if (list == &large_free)
        CAPR_SHOW_MORE(large_bytes, footprint(chunk));
    else
        CAPR_SHOW_MORE(checked_bytes, footprint(chunk));
    chunk->prev = *list;
    *list = chunk;
}

uint64_t capr__chunks_kept(void) { return CAPR_SEE(large_bytes) + CAPR_SEE(checked_bytes); }
