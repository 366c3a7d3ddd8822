/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * What the pass says of the calls that lead to blocking points (docs/abi.md, "Contexts"), and which function a return address belongs
 * to. The program has such tables, and so has each shared object that capcc linked: their functions are numbered through, those of the program
 * first. Plain code.
 */
#ifndef CAPR_GRAPH_TABLES_H
#define CAPR_GRAPH_TABLES_H

#include "../layout.h"

struct capr_context_site {
    int32_t constant;  /* added to the word; 0: nothing. Of calls that turn or mark it: their number, without a sign */
    uint32_t to;       /* function of the same module, CAPR_CONTEXT_OUTSIDE or CAPR_CONTEXT_SINK */
    uint32_t place;    /* text: a line `function<tab>file:line` for each function that was inlined there, outermost first */
    uint32_t flags;    /* bit 0: the caller's frame may be gone; bit 1: turned before the constant is added; bit 2: marked; bit 3: recursion; above: text, the name of a sink, or of what is called outside */
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

/* Where calls return to: for each function that has such, the distances of N return addresses, each from its own word, then the numbers of
 * their sites, then N; read from the end. Not of each site: none where code generation has merged two calls. At any address. */
typedef uint32_t capr_context_word __attribute__((aligned(1)));

/* One module's, as the linker placed them. */
struct capr_contexts {
    const struct capr_context_function *functions;
    const struct capr_context_site *sites;
    const char *text;
    const struct capr_context_routine *routines;
    const uint32_t *counts; /* functions, sites, bytes of text, routines */
    const capr_context_word *calls, *calls_end;
};

/* Declares what the pass defines in each module. */
#define CAPR_FROM_PASS __attribute__((weak, visibility("hidden")))
#define CAPR_CONTEXT_TABLES                                                                                                        \
    extern const struct capr_context_function __capr_context_functions[] CAPR_FROM_PASS;                                           \
    extern const struct capr_context_site __capr_context_sites[] CAPR_FROM_PASS;                                                   \
    extern const char __capr_context_text[] CAPR_FROM_PASS;                                                                        \
    extern const struct capr_context_routine __capr_context_routines[] CAPR_FROM_PASS;                                             \
    extern const uint32_t __capr_context_counts[4] CAPR_FROM_PASS;                                                                 \
    extern const capr_context_word __start_capr_calls[] CAPR_FROM_PASS;                                                            \
    extern const capr_context_word __stop_capr_calls[] CAPR_FROM_PASS

/* Of the module in which this stands. */
#define CAPR_CONTEXTS_HERE                                                                                                         \
    {__capr_context_functions, __capr_context_sites, __capr_context_text, __capr_context_routines, __capr_context_counts,          \
     __start_capr_calls, __stop_capr_calls}

struct capr_search_table;
struct capr_indexed;

/* What the runtime knows of one. It stays when the module is unloaded, with a copy of the tables. */
struct capr_tables {
    struct capr_contexts of;
    uint32_t first;                         /* number of its first function */
    uint32_t loaded;
    const void *functions, *routines;       /* where distances count from, while it is loaded */
    uint64_t low, high;                     /* its addresses */
    const struct capr_search_table *search; /* of its unwind information */
    struct capr_indexed *sorted;            /* functions by address; NULL: not yet */
    struct capr_indexed *calls;             /* sites by return address, as many as there are pairs; with `sorted`. NULL: no memory, or none */
    uint32_t call_count;             /* of `calls`, once they are there */
};

/* Modules, the program's first, that there have been; what is loaded beyond CAPR_TABLES_MAX is as if compiled without contexts. */
#define CAPR_TABLES_MAX 64
extern CAPR_HIDDEN struct capr_tables capr__tables[CAPR_TABLES_MAX];
extern CAPR_HIDDEN uint32_t capr__tables_count;

/* Has the program any? Before all others: makes them known. */
CAPR_HIDDEN int capr__tables_present(void);
CAPR_HIDDEN void capr__tables_begin(void);

/* A shared object is there. */
CAPR_HIDDEN void capr__tables_loaded(const struct capr_contexts *c);

/* One that is loaded; NULL: not known. Before it goes its tables are copied, unless they have been before; 0: no memory, and its functions lose
 * their numbers. Then it goes, and nothing of its memory is looked at from then on. */
CAPR_HIDDEN struct capr_tables *capr__tables_find(const struct capr_contexts *c);
CAPR_HIDDEN int capr__tables_keep(struct capr_tables *t);
CAPR_HIDDEN void capr__tables_unload(struct capr_tables *t);

/* Functions of all. */
CAPR_HIDDEN uint32_t capr__table_functions(void);

/* The module of a function, by its number. */
static inline const struct capr_tables *capr__table_of(uint32_t function) {
    const struct capr_tables *t = capr__tables;
    while (function - t->first >= t->of.counts[0]) t++;
    return t;
}

static inline const struct capr_context_function *capr__table_function(const struct capr_tables *t, uint32_t function) {
    return &t->of.functions[function - t->first];
}

/* The number of the function that a site of `t` calls; or as the site has it. */
static inline uint32_t capr__site_to(const struct capr_tables *t, const struct capr_context_site *s) {
    return s->to < CAPR_CONTEXT_SINK ? t->first + s->to : s->to;
}

static inline const char *capr__table_text(const struct capr_tables *t, uint32_t at) { return at < t->of.counts[2] ? t->of.text + at : ""; }

/* The place of the routine that a pointer leads to; NULL: not in the tables. Of any address. */
CAPR_HIDDEN const char *capr__table_routine(uint64_t address);

static inline uint64_t capr__site_apply(const struct capr_context_site *s, uint64_t word) {
    const uint64_t mark = (uint64_t)CAPR_CONTEXT_MARK << CAPR_CONTEXT_MARK_SHIFT, below = (1ull << CAPR_CONTEXT_MARK_SHIFT) - 1;
    if (s->flags & 4 && (word & ~below) == mark) return word;
    if (!(s->flags & 6)) return word + (uint64_t)(int64_t)s->constant;
    word = word * CAPR_CONTEXT_MIX + (uint32_t)s->constant * CAPR_CONTEXT_SPREAD;
    return s->flags & 4 ? (word & below) | mark : word;
}

/* By which a multiplication with CAPR_CONTEXT_MIX is taken back. */
#define CAPR_CONTEXT_UNMIX 0x572b5ee77a54e3bdull
static_assert(CAPR_CONTEXT_MIX * CAPR_CONTEXT_UNMIX == 1, "the inverse mod 2^64");

/* The word before a call that does not mark it. */
static inline uint64_t capr__site_take_back(const struct capr_context_site *s, uint64_t word) {
    if (!(s->flags & 2)) return word - (uint64_t)(int64_t)s->constant;
    return (word - (uint32_t)s->constant * CAPR_CONTEXT_SPREAD) * CAPR_CONTEXT_UNMIX;
}

/* Where a return address lies. */
enum capr_place {
    CAPR_PLACE_LISTED,  /* in the function of the tables whose number is in *function */
    CAPR_PLACE_PROGRAM, /* elsewhere in a module of ours: the runtime, stubs, functions that never block */
    CAPR_PLACE_OUTSIDE, /* in another library, or in no file */
};
CAPR_HIDDEN enum capr_place capr__table_find(const void *address, uint32_t *function);

/* The call that returns to `address`, which is in a function of the tables; NULL: not known. */
CAPR_HIDDEN const struct capr_context_site *capr__table_call(const void *address, uint32_t function);

/* A noted return address may be replaced by what it was found to be, once its module goes: no address of a process is as high, or as low. */
#define CAPR_NOTED (1ull << 63)
static inline void *capr__table_noted(enum capr_place place, uint32_t function, const struct capr_context_site *site) {
    const struct capr_tables *t = place == CAPR_PLACE_LISTED ? capr__table_of(function) : NULL;
    uint64_t number = t && site ? (uint64_t)(site - t->of.sites) + 1 : 0;
    return (void *)(t ? CAPR_NOTED | number << 32 | function : 1);
}

/* Takes out of a chain, innermost first, what recursion by direct calls repeats, so that each function is there twice at most: such calls
 * change nothing of the word in a circle. `frames`: their return addresses. Returns how many are left. */
CAPR_HIDDEN uint32_t capr__table_collapse(uint32_t *functions, void **frames, uint32_t count);

/* To be called before capr__table_find: it sorts, the first time. On any kernel thread. Returns an errno. */
CAPR_HIDDEN int capr__tables_index(void);

#endif
