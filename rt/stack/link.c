/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The part of linking and unlinking that link.S does not do itself: large needs, empty free lists, links made from a big stack,
 * the test modes; and the dropping of many chunks at once. Plain code on the service stack; no call may be interposed.
 */
#include "bigstack.h"
#include "chunk.h"
#include "drop.h"
#include "profile.h"

#include <sys/mman.h>

#include "../proc/message.h"
#include "../sched/preempt.h"
#include "../thread/thread.h"

/* Where rsp is to be before the call, which is the address of the first stack argument, and the bytes of these. */
struct linked {
    uint64_t sp, args;
};

/* Takes a chunk for a function that needs the low half of `need_and_args` below its return address, and makes it the stack of the
 * running thread. `rbp` lies one word below the return address on the old stack; `back` is the return address of who was linked by
 * link.S; `function` is what is to run. Called by link.S. */
CAPR_HIDDEN struct linked capr__link(uint64_t need_and_args, uint64_t rbp, uint64_t back, uint64_t function);

/* Links a chunk for a block of `size` bytes, aligned to `align`, and `room` bytes of frames below it; returns the block's address.
 * The caller's frames end at `rsp`. Called by alloca.S. */
CAPR_HIDDEN uint64_t capr__alloca_link(uint64_t size, uint64_t room, uint64_t align, uint64_t rsp);

/* Undoes links until the stack that `sp` lies in is the current one. Called by alloca.S. */
CAPR_HIDDEN void capr__alloca_undo(uint64_t sp);

/* A link made from a big stack: whatever the linked function borrows for starts below rsp, or, where less than the promised room
 * is left there, on a big stack of its own. */
static void leave_big(struct capr_worker *w, struct capr_chunk *chunk, uint64_t sp) {
    chunk->flags &= (uint16_t)~CAPR_CHUNK_QUICK;
    chunk->saved_big_sp = 0;
    if (sp - w->big->base < CAPR_BIG_ROOM) {
        chunk->saved_big = w->big;
        capr__bigstack_use(w, capr__bigstack_take(w));
    } else {
        w->big_sp = (sp - 64) & ~63ull;
    }
}

/* Makes `chunk` the newest of the running thread, whose frames on the old stack end at `sp`. */
static struct capr_chunk *push_chunk(struct capr_chunk *chunk, uint64_t sp) {
    struct capr_worker *w = &capr__worker;
    struct capr_thread *self = w->self;
    chunk->prev = self->chunk;
    chunk->saved_limit = capr__limit();
    if (w->big_sp == 0) leave_big(w, chunk, sp);
    self->chunk = chunk;
    w->links++;
    capr__set_limit(capr__chunk_limit(chunk));
    return chunk;
}

static uint64_t at_least(uint64_t below) { return below < capr__link_least ? capr__link_least : below; }

static struct capr_chunk *push(uint64_t below, uint64_t sp) { return push_chunk(capr__chunk_take(at_least(below)), sp); }

uint64_t capr__preempt_link(uint64_t below, uint64_t rsp) {
    struct capr_chunk *chunk = capr__chunk_try(at_least(below));
    if (!chunk) return 0;
    push_chunk(chunk, rsp);
    if (capr__profiling) capr__profile_linked(chunk, CAPR_PROFILE_PREEMPT, 0, 0, below, (uint64_t)chunk, rsp);
    return (uint64_t)chunk;
}

/* Copied stack arguments stay congruent modulo 64 (vectors), and modulo the largest power of two in their bytes: no argument is
 * aligned to more, since a type is at least as large as its alignment. */
static uint64_t congruence(uint64_t args) {
    return args < 64 ? 64 : 1ull << (63 - __builtin_clzll(args));
}

/* Where nobody knows how many bytes of arguments there are, it is at most all up to the top of the stack. On a chunk that link.S has
 * called from, with the right number, it is just that many. Else the frames of all callers are among them: where these come to twice
 * as many bytes as the following, once to twice as many are taken along, and what lies above becomes a fence, pages that trap, so
 * that who reads on gets no garbage. On a big stack as many as external code, which pushes them there, is promised in all; on a chunk,
 * where code of capcc's calls through a type that is not variadic, as many as each level of a recursion can have copied. */
#define UNKNOWN_ARGS_OF_BIG CAPR_BIG_ROOM
#define UNKNOWN_ARGS (32u << 10)
#define PAGE 4096u

/* The fence of a chunk begins where the word below the header says, and ends with the page below that word's. */
static uint64_t *fence_begin(struct capr_chunk *chunk) { return (uint64_t *)chunk - 1; }
static uint64_t fence_end(struct capr_chunk *chunk) { return (uint64_t)fence_begin(chunk) & -(uint64_t)PAGE; }

static uint64_t top_of_stack(const struct capr_worker *w) {
    struct capr_chunk *chunk = w->self->chunk;
    if (w->big_sp == 0) return w->big->top;
    if (chunk->size_class == CAPR_CLASS_SUPPLIED) return chunk->base + chunk->size;
    return chunk->flags & CAPR_CHUNK_FENCED ? *fence_begin(chunk) : (uint64_t)chunk;
}

/* Links a chunk for `need` bytes below the arguments at `start`, of which at least `least` bytes are taken along, and a fence for the
 * rest of the `there` bytes. */
static struct linked link_fenced(uint64_t need, uint64_t start, uint64_t there, uint64_t least, uint64_t rbp) {
    uint64_t fence_bytes = (there - least + PAGE - 1) & -(uint64_t)PAGE, below = need + 2 * least + fence_bytes + 2 * PAGE;
    if (below <= CAPR_CLASS_TOP)
        below = CAPR_CLASS_TOP + 1; /* a mapping of its own */
    struct capr_chunk *chunk = push(below, rbp);
    uint64_t fence = fence_end(chunk) - fence_bytes;
    if (mprotect((void *)fence, fence_bytes, PROT_NONE)) capr__fatal_thread("out of memory mappings for a stack chunk; raise vm.max_map_count");
    *fence_begin(chunk) = fence;
    chunk->flags = (uint16_t)((chunk->flags & ~CAPR_CHUNK_QUICK) | CAPR_CHUNK_FENCED);
    /* Congruent modulo `least`: what is aligned to more is larger than what is here, and meets the fence. */
    uint64_t args = least + ((fence - least - start) & (least - 1));
    return (struct linked){fence - args, args};
}

struct linked capr__link(uint64_t need_and_args, uint64_t rbp, uint64_t back, uint64_t function) {
    uint64_t args = need_and_args >> 32, start = rbp + 16, below = (uint32_t)need_and_args + 8;
    if (args == CAPR_ARGS_UNKNOWN) {
        const struct capr_worker *w = &capr__worker;
        uint64_t least = w->big_sp == 0 ? UNKNOWN_ARGS_OF_BIG : UNKNOWN_ARGS;
        args = (top_of_stack(w) - start) & ~7ull;
        if (args >= 2 * least && *(const uint64_t *)(rbp + 8) != back) return link_fenced(below, start, args, least, rbp);
    }
    if (args) below += args + congruence(args) - 1;
    struct capr_chunk *chunk = push(below, rbp);
    uint64_t sp = (uint64_t)chunk;
    if (args) {
        sp -= args;
        sp -= (sp - start) & (congruence(args) - 1);
    }
    if (capr__profiling)
        capr__profile_linked(chunk, CAPR_PROFILE_CALL, *(const uint64_t *)(rbp + 8), function, (uint32_t)need_and_args, sp - 8, rbp + 8);
    return (struct linked){sp, args};
}

static void pop(struct capr_worker *w, struct capr_thread *self) {
    struct capr_chunk *chunk = self->chunk;
    if (chunk->flags & CAPR_CHUNK_FENCED) {
        mprotect((void *)*fence_begin(chunk), fence_end(chunk) - *fence_begin(chunk), PROT_READ | PROT_WRITE);
        chunk->flags &= (uint16_t)~CAPR_CHUNK_FENCED;
    }
    if (chunk->saved_big_sp == 0) {
        if (chunk->saved_big) {
            capr__bigstack_put(w, w->big);
            capr__bigstack_use(w, chunk->saved_big);
            chunk->saved_big = NULL;
        }
        w->big_sp = 0;
        chunk->saved_big_sp = CAPR_BIG_NOT_HELD;
        if (chunk->size_class == capr__link_class && w->link_need) chunk->flags |= CAPR_CHUNK_QUICK;
    }
    self->chunk = chunk->prev;
    if (capr__profiling) capr__profile_gone(chunk);
    capr__chunk_give(chunk);
}

void capr__unlink(void) {
    struct capr_worker *w = &capr__worker;
    capr__set_limit(w->self->chunk->saved_limit);
    pop(w, w->self);
}

void capr__stack_drop(struct capr_thread *thread, struct capr_chunk *chunk) {
    struct capr_chunk *first = capr__first_chunk(thread);
    while (thread->chunk && thread->chunk != chunk && thread->chunk != first) pop(&capr__worker, thread);
}

uint64_t capr__stack_drop_all(uint64_t thread, uint64_t unused, uint64_t unused2) {
    (void)unused, (void)unused2;
    capr__stack_drop((struct capr_thread *)thread, NULL);
    return 0;
}

uint64_t capr__alloca_link(uint64_t size, uint64_t room, uint64_t align, uint64_t rsp) {
    uint64_t below;
    if (__builtin_add_overflow(size, room, &below) || __builtin_add_overflow(below, align, &below) || below > UINT32_MAX / 2)
        capr__fatal_thread("alloca of %llu bytes; a stack chunk holds at most 2 GiB: use malloc", (unsigned long long)size);
    struct capr_chunk *chunk = push(below, rsp);
    uint64_t block = ((uint64_t)chunk - size) & -align;
    if (capr__profiling) capr__profile_linked(chunk, CAPR_PROFILE_ALLOCA, *(const uint64_t *)(rsp + 8), 0, room, block, rsp);
    return block;
}

void capr__alloca_undo(uint64_t sp) {
    struct capr_worker *w = &capr__worker;
    struct capr_thread *self = w->self;
    while (w->big_sp && self->chunk && sp - self->chunk->base >= self->chunk->size) {
        capr__set_limit(self->chunk->saved_limit);
        pop(w, self);
    }
}
