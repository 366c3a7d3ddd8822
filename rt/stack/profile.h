/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * CAPRICCIO_PROFILE: which calls link chunks, and how much of the memory is used. It costs nothing while it is off: each way into it
 * is one that C takes already, for what link.S and the free lists do not do themselves, and profiling only sends everything there.
 * What is kept of a chunk lies below its base, in bytes that belong to no chunk otherwise.
 */
#ifndef CAPR_PROFILE_H
#define CAPR_PROFILE_H

#include "../layout.h"

/* What the memory of a chunk was asked for. */
enum capr_profile_kind {
    CAPR_PROFILE_CALL,    /* by a checkpoint or an entry stub */
    CAPR_PROFILE_ALLOCA,  /* by a dynamic alloca: the callee is none */
    CAPR_PROFILE_PREEMPT, /* for a turn that ended in the middle of the code: neither caller nor callee */
    CAPR_PROFILE_THREAD,  /* by pthread_create: the callee is the start function */
};

/* Bytes below each base, a multiple of 64 since tops of chunks stay aligned to that. */
#define CAPR_PROFILE_BELOW 64

/* Set at start, then read only. */
extern CAPR_HIDDEN uint8_t capr__profiling;

/* Makes the tables, if a profile is wanted. Before the first chunk. */
CAPR_HIDDEN void capr__profile_init(void);

/* A chunk has been made for `below` bytes under its header: from here on it is known what of it is used. */
CAPR_HIDDEN void capr__profile_made(struct capr_chunk *chunk, uint64_t below);

/* `chunk` was linked by a call that returns to `caller`, of a function `callee` that needs `need` bytes below its return address; the
 * stack goes on below `top`, and on the stack that it left it ended at `sp`. */
CAPR_HIDDEN void capr__profile_linked(struct capr_chunk *chunk, enum capr_profile_kind kind, uint64_t caller, uint64_t callee, uint64_t need,
                                      uint64_t top, uint64_t sp);

/* `chunk` goes, by a return or with its thread. */
CAPR_HIDDEN void capr__profile_gone(struct capr_chunk *chunk);

/* The running thread is about to wait; it ends. Plain code. */
CAPR_HIDDEN void capr__profile_waits(const struct capr_thread *self);
CAPR_HIDDEN void capr__profile_ends(const struct capr_thread *self);

/* The shared object that `inside` lies in has been loaded, is about to be unloaded (profile_modules.c). Plain code. */
CAPR_HIDDEN void capr__profile_loads(const void *inside);
CAPR_HIDDEN void capr__profile_unloads(const void *inside);

/* Of an address in a site that lies in an unloaded module: the module's path, and the offset in it. NULL: in none. */
CAPR_HIDDEN const char *capr__profile_unloaded(uint64_t address, uint64_t *offset);

/* The sites' addresses in the `bytes` from `from` on are from now on those from `to` on. */
CAPR_HIDDEN void capr__profile_moves(uint64_t from, uint64_t bytes, uint64_t to);

/* In the child of a fork, which counts from 0. */
CAPR_HIDDEN void capr__profile_forked(void);

/* Whether a kernel thread writes the profile. One at a time does, since files have one name beside theirs. */
extern CAPR_HIDDEN uint8_t capr__profile_writing;

/* Writes the profile while the program runs; on the idle thread's stack. */
CAPR_HIDDEN void capr__profile_answer(void);

/* One for each pair of addresses, in the order in which they were met first. */
struct capr_profile_site {
    uint64_t caller, callee; /* addresses: where the call returns to, and of a function's body; in unloaded modules see profile_modules.c */
    uint64_t links, returns; /* returns: of the links, those that have been undone */
    uint64_t need;           /* bytes asked for, the most */
    uint64_t bytes;          /* of all chunks linked */
    uint64_t left;           /* internal waste: bytes left on the chunks that it left */
    uint64_t unused;         /* external waste: bytes never used of the chunks that are gone */
    uint64_t deepest, used;  /* bytes used below the return address of the callee: the most, and the sum over chunks that are gone */
    uint64_t waits, idle;    /* waits on its chunks, and the bytes unused until then in these */
    uint64_t holds, held;    /* the same of waits on chunks linked further on */
    uint8_t kind;
};

/* How often `inner` linked when the stack was on a chunk of `outer`. */
struct capr_profile_pair {
    uint32_t outer, inner; /* numbers of sites, from 1; outer 0: elsewhere */
    uint64_t links;
    uint64_t ask; /* bytes below the return address of outer's callee down to where inner's need ends: the most */
};

/* What MinChunk would change, for each class of chunks. */
struct capr_profile_class {
    uint64_t spared; /* links that would have found room on a chunk of this class, and not of a smaller one */
    uint64_t bytes;  /* of the chunks of threads that waited, summed over waits, were no linked chunk smaller */
};

/* A call of the program to a function by its name, of which a chunk had a trace when it was looked at. */
struct capr_profile_call {
    uint64_t back;  /* the return address; 0: none */
    uint64_t seen;
};

#define CAPR_PROFILE_CALLS 32768u

struct capr_profile {
    struct capr_profile_site *sites;
    struct capr_profile_pair *pairs;
    struct capr_profile_call *calls; /* CAPR_PROFILE_CALLS of them, by hash */
    uint32_t site_count, pair_count, call_count;
    uint64_t waits, lost; /* lost: links of sites that found no room in the table */
    struct capr_profile_class classes[CAPR_CLASSES];
};

extern CAPR_HIDDEN struct capr_profile capr__profile;

/* No record is changed between these two. */
CAPR_HIDDEN void capr__profile_lock(void);
CAPR_HIDDEN void capr__profile_unlock(void);

#endif
