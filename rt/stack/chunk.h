/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Taking and giving back chunks. The common case, a free chunk of the right size class, is inline, because thread creation
 * and the checkpoint's slow path are made of it; everything that asks the kernel for memory is in chunk.c. The free lists are
 * LIFO, so that the chunk handed out is the one most recently in cache. A chunk that is given back stays mapped and its frames
 * stay untouched: the thread that gives it back may still run on it until it has switched away.
 */
#ifndef CAPR_CHUNK_H
#define CAPR_CHUNK_H

#include "../layout.h"

/* The largest chunk that comes from an arena: CAPR_CLASS_TOP bytes with its header. */
#define CAPR_CLASS_TOP 67392

/* Set at start, then read only. */
extern CAPR_HIDDEN uint32_t capr__class_limit; /* CAPR_CLASS_TOP; 0 where each chunk is C's to make: in guard mode, and while profiling */
extern CAPR_HIDDEN uint64_t capr__link_least;  /* bytes that a link takes at least, below the header */
extern CAPR_HIDDEN uint64_t capr__chunk_spare; /* bytes below each base that belong to no chunk: what valgrind writes to, profile.h's */
extern CAPR_HIDDEN uint64_t capr__limit_mask;  /* all ones in mode always, else 0 */
extern CAPR_HIDDEN uint16_t capr__link_class;  /* index of the class of MinChunk */
extern CAPR_HIDDEN uint8_t capr__class_index[CAPR_CLASS_TOP / 64 + 1]; /* by ceil(bytes / 64) */

/* The head of the free list of a class. */
static inline struct capr_chunk **capr__chunk_list(struct capr_worker *w, unsigned size_class) {
    return size_class == capr__link_class ? &w->link_free : &w->free_chunks[size_class];
}

/* Fills `w`'s need of links and the tables above from the environment. Called once, before any thread exists. */
CAPR_HIDDEN void capr__chunk_init(struct capr_worker *w);

/* The part of that for a worker that comes later. */
CAPR_HIDDEN void capr__chunk_worker_init(struct capr_worker *w);

/* Large chunks that `w` has been given back may be used again by anyone. Plain code, on the idle thread. */
CAPR_HIDDEN void capr__chunks_settle(struct capr_worker *w);

/* In fork, before and after: nobody is in the middle of a change. */
CAPR_HIDDEN void capr__chunks_hold(void);
CAPR_HIDDEN void capr__chunks_release(void);

/* Bytes of the chunks of a class, with their header. Plain code. */
CAPR_HIDDEN uint32_t capr__chunk_class_bytes(unsigned size_class);

/* capr__chunk_try where the free list is empty or there is none. Plain code. */
CAPR_HIDDEN struct capr_chunk *capr__chunk_make(uint64_t below);

/* capr__chunk_try, but ends the program when memory runs out. Plain code. */
CAPR_HIDDEN struct capr_chunk *capr__chunk_take(uint64_t below);

/* capr__chunk_give for chunks that have a mapping of their own. Plain code. */
CAPR_HIDDEN void capr__chunk_bury(struct capr_chunk *chunk);

/* Makes `header` that of the program's memory from `base` up to `top`. Plain code. */
CAPR_HIDDEN void capr__chunk_supply(struct capr_chunk *header, uint64_t base, uint64_t top);

/* Bytes of chunks that are in use now; or about so many: what lay in the lists of `w` some time ago, a hundred times what it took to walk them.
 * Plain code. */
CAPR_HIDDEN uint64_t capr__chunk_bytes_in_use(struct capr_worker *w);
CAPR_HIDDEN uint64_t capr__chunk_bytes_about(struct capr_worker *w, uint64_t now);

/* Bytes of mappings that were given back and that no worker's list has. */
CAPR_HIDDEN uint64_t capr__chunks_kept(void);

/* A chunk with at least `below` bytes between its header and the limit of its stack; in guard mode exactly so many, rounded up
 * to 16. The owner fills prev, saved_limit; saved_big_sp is CAPR_BIG_NOT_HELD and saved_big NULL already. NULL: out of memory.
 * Never blocks. */
static inline struct capr_chunk *capr__chunk_try(uint64_t below) {
    uint64_t bytes = below + CAPR_RESERVE + sizeof(struct capr_chunk);
    if (bytes <= capr__class_limit) {
        struct capr_chunk **list = capr__chunk_list(&capr__worker, capr__class_index[(bytes + 63) / 64]);
        struct capr_chunk *chunk = *list;
        if (chunk) {
            *list = chunk->prev;
            return chunk;
        }
    }
    return capr__chunk_make(below);
}

/* The limit of the stack in a chunk: UINT64_MAX where every checkpoint is to link. */
static inline uint64_t capr__chunk_limit(const struct capr_chunk *chunk) {
    return (chunk->base + CAPR_RESERVE) | capr__limit_mask;
}

/* Gives a chunk back. Never blocks. */
static inline void capr__chunk_give(struct capr_chunk *chunk) {
    if (chunk->size_class >= CAPR_CLASSES) {
        capr__chunk_bury(chunk);
        return;
    }
    struct capr_chunk **list = capr__chunk_list(&capr__worker, chunk->size_class);
    chunk->prev = *list;
    *list = chunk;
}

#endif
