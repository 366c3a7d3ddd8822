/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * What the pass says of the calls that lead to blocking points (docs/abi.md, "Contexts"), and which function a return address belongs
 * to. Plain code.
 */
#ifndef CAPR_GRAPH_TABLES_H
#define CAPR_GRAPH_TABLES_H

#include "../layout.h"

struct capr_context_site {
    int32_t constant;  /* added to the word; 0: nothing */
    uint32_t to;       /* function, CAPR_CONTEXT_OUTSIDE or CAPR_CONTEXT_SINK */
    uint32_t place;    /* text: a line `function<tab>file:line` for each function that was inlined there, outermost first */
    uint32_t flags;    /* bit 0: the caller's frame may be gone; bit 1: turned before the constant is added; bit 2: marked; bit 3: recursion; above: text, the sink's name */
};

#define CAPR_SITE_INSIDE 8u /* caller and callee call each other, over whatever others: in a circle such calls add nothing */
#define CAPR_SITE_TEXT 4

struct capr_context_function {
    int32_t distance; /* of its first instruction from the table of functions */
    uint32_t name;    /* text */
    uint32_t first;
    uint32_t sites : 31;
    uint32_t entered : 1; /* calls through pointers, and from outside, may end here */
};

/* Functions that a thread may start with. */
struct capr_context_routine {
    int32_t distance; /* of what a pointer to it has for its address, from the table of routines */
    uint32_t place;   /* text: `function<tab>file:line`, where it is defined */
};

CAPR_HIDDEN int capr__tables_present(void);

/* The place of the routine that a pointer leads to; NULL: not in the table. Of any address. */
CAPR_HIDDEN const char *capr__table_routine(uint64_t address);
CAPR_HIDDEN uint32_t capr__table_functions(const struct capr_context_function **out);
CAPR_HIDDEN const struct capr_context_site *capr__table_sites(void);
CAPR_HIDDEN const char *capr__table_text(uint32_t at);

static inline uint64_t capr__site_apply(const struct capr_context_site *s, uint64_t word)
{
    const uint64_t mark = (uint64_t)CAPR_CONTEXT_MARK << CAPR_CONTEXT_MARK_SHIFT, below = (1ull << CAPR_CONTEXT_MARK_SHIFT) - 1;
    if (s->flags & 4 && (word & ~below) == mark)
        return word;
    if (s->flags & 6)
        word = word << CAPR_CONTEXT_TURN | word >> (64 - CAPR_CONTEXT_TURN);
    word += (uint64_t)(int64_t)s->constant;
    return s->flags & 4 ? (word & below) | mark : word;
}

/* Where a return address lies. */
enum capr_place {
    CAPR_PLACE_LISTED,  /* in the function of the table whose number is in *function */
    CAPR_PLACE_PROGRAM, /* elsewhere in the executable: the runtime, stubs, functions that never block */
    CAPR_PLACE_OUTSIDE, /* in a library, or in no file */
};
CAPR_HIDDEN enum capr_place capr__table_find(const void *address, uint32_t *function);

/* Takes out of a chain, innermost first, what recursion by direct calls repeats, so that each function is there twice at most: such calls
 * change nothing of the word in a circle. `frames`: goes along, or NULL. Returns how many are left. */
CAPR_HIDDEN uint32_t capr__table_collapse(uint32_t *functions, void **frames, uint32_t count);

/* To be called before capr__table_find: it sorts, the first time. On any kernel thread. Returns an errno. */
CAPR_HIDDEN int capr__tables_index(void);

#endif
