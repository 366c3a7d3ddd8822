/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The unwinder has said which functions stand on the stack; the word says by which call of each. A search from the thread's first
 * function takes, at every function, those calls of the table that lead to the next one, and keeps the one way whose changes add up
 * to the word. Frames can be missing where a call was the last thing that its function did (a sibling call): a way may lead
 * through such functions too. And what the runtime calls of the program (call_back.h) may stand on any function: a signal came there.
 */
#include "decode.h"

#include <string.h>

#include "call_back.h"
#include "recursion.h"
#include "tables.h"

#define GONE_MAX 6      /* frames in a row that sibling calls have left out */
#define BACK_MAX 3      /* calls of the program by the runtime on one chain */
#define MARKS_MAX 32     /* calls that mark the word: state machines are few */
#define STEPS_MAX 100000   /* of one search */
#define TOTAL_MAX 1000000  /* for one node: 5 ms */

struct step {
    const struct capr_context_site *site;
    uint32_t function;
};

struct search {
    uint32_t walked[CAPR_CHAIN_MAX + 1]; /* functions, outermost first */
    uint32_t walked_count;
    uint64_t word;
    uint32_t steps, total;
    uint32_t siblings;                   /* functions of the table, whose frames may be gone where a pointer led to them; 0: not tried */
    uint32_t back;                       /* calls of the program by the runtime that the way may have yet */
    struct step way[CAPR_CHAIN_MAX + 1];
    uint32_t way_count;
    struct step marks[MARKS_MAX];
    uint32_t mark_count;
};

/* Stands for a signal that came while the function ran. */
static const struct capr_context_site interrupted = {.to = CAPR_CONTEXT_SINK};

static const char left_out[] = "...";

static int search(struct search *s, uint32_t function, uint32_t at, uint32_t gone, uint64_t word);

static int entered(uint32_t function) { return (int)capr__table_function(capr__table_of(function), function)->entered; }
static const char *name_of(uint32_t function)
{
    const struct capr_tables *t = capr__table_of(function);
    return capr__table_text(t, capr__table_function(t, function)->name);
}

/* With `word` a function is entered that the table does not name: the walk's next after `at`, or one that has gone on there by a call that
 * marks the word. */
static int enter(struct search *s, uint32_t at, uint32_t gone, uint64_t word)
{
    if (entered(s->walked[at + 1]) && search(s, s->walked[at + 1], at + 1, 0, word))
        return 1;
    for (uint32_t i = 0; i < s->mark_count && s->way_count < CAPR_CHAIN_MAX; i++) {
        s->way[s->way_count++] = s->marks[i];
        if (search(s, s->walked[at + 1], at + 1, 0, capr__site_apply(s->marks[i].site, word)))
            return 1;
        s->way_count--;
    }
    for (uint32_t f = 0; f < s->siblings && gone < GONE_MAX; f++)
        if (entered(f) && search(s, f, at, gone + 1, word))
            return 1;
    return 0;
}

/* From the walk's `at`-th function the runtime, with `word`, calls the next. Few chains have that, and it could be anywhere: search_all. */
static int search_back(struct search *s, uint32_t at, uint64_t word)
{
    if (!s->back)
        return 0;
    s->back--;
    int found = enter(s, at, GONE_MAX, capr__context_back(word));
    s->back++;
    return found;
}

/* The thread is in `function`, which is the walk's `at`-th, or, after `gone` frames that the walk does not have, behind it. */
static int search(struct search *s, uint32_t function, uint32_t at, uint32_t gone, uint64_t word)
{
    if (s->way_count == CAPR_CHAIN_MAX || s->steps++ > STEPS_MAX || s->total++ > TOTAL_MAX)
        return 0;
    const struct capr_tables *t = capr__table_of(function);
    const struct capr_context_function *f = capr__table_function(t, function);
    int last = at + 1 == s->walked_count;
    for (uint32_t i = 0; i < f->sites; i++) {
        const struct capr_context_site *site = &t->of.sites[f->first + i];
        if (gone && !(site->flags & 1))
            continue;
        uint64_t then = capr__site_apply(site, word);
        s->way[s->way_count++] = (struct step){site, function};
        uint32_t to = capr__site_to(t, site);
        int named = to < CAPR_CONTEXT_SINK;
        if (last && !named && then == s->word)
            return 1;
        if (!last && named && to == s->walked[at + 1] && search(s, s->walked[at + 1], at + 1, 0, then))
            return 1;
        if (!last && to == CAPR_CONTEXT_OUTSIDE && enter(s, at, gone, then))
            return 1;
        if (!last && !named && search_back(s, at, then))
            return 1;
        if (named && gone < GONE_MAX && search(s, to, at, gone + 1, then))
            return 1;
        s->way_count--;
    }
    if (last || gone)
        return 0;
    s->way[s->way_count++] = (struct step){&interrupted, function};
    if (search_back(s, at, word))
        return 1;
    s->way_count--;
    return 0;
}

/* A thread begins with 0, and runs destructors of keys with 0 once its first function has returned. */
static int search_all(struct search *s, uint32_t back)
{
    for (s->back = 0; s->back <= back; s->back++) {
        s->steps = s->way_count = 0;
        if (search(s, s->walked[0], 0, 0, 0))
            return 1;
        s->steps = s->way_count = 0;
        if (search(s, s->walked[0], 0, 0, capr__context_back(0)))
            return 1;
    }
    return 0;
}

static void add_call(struct capr_chain *out, const char *place, int recursive)
{
    if (out->count <= CAPR_CHAIN_MAX)
        out->calls[out->count++] = (struct capr_chain_call){place, recursive};
    else
        out->cut = 1;
}

/* From the way's step `first` to `last`, all but the last call a function of the same component: recursion. The word says with which function
 * that began and with which it ended, and not how it went between them. So what is shown depends on these two alone: they, and what every
 * way from the one to the other passes. What came back to a function is left out, and its last call stands for all. */
static void show_recursion(const struct search *s, uint32_t first, uint32_t last, struct capr_chain *out)
{
    uint32_t from = s->way[first].function, to = s->way[last].function, shown = UINT32_MAX;
    const char *name = NULL, *place = NULL;
    int before = 0;
    for (uint32_t i = first; i <= last; i++) {
        int recursive = 0;
        for (uint32_t k = i + 1; k <= last; k++)
            if (s->way[k].function == s->way[i].function)
                i = k, recursive = 1;
        uint32_t function = s->way[i].function;
        if (function != from && function != to && capr__recursion_passes(from, to, function))
            continue;
        if (name) {
            int sure = !capr__recursion_detours(shown, function);
            add_call(out, sure ? place : name, before);
            if (!sure)
                add_call(out, left_out, 0);
        }
        shown = function;
        before = recursive;
        name = name_of(function);
        place = s->way[i].site == &interrupted ? name : capr__table_text(capr__table_of(function), s->way[i].site->place);
    }
    add_call(out, place, before);
}

static void show(const struct search *s, struct capr_chain *out)
{
    for (uint32_t first = 0, last; first < s->way_count; first = last + 1) {
        for (last = first; last + 1 < s->way_count && s->way[last].site->flags & CAPR_SITE_INSIDE;)
            last++;
        show_recursion(s, first, last, out);
    }
    const struct step *end = &s->way[s->way_count - 1];
    uint32_t called = end->site->flags >> CAPR_SITE_TEXT;
    out->sink = called ? capr__table_text(capr__table_of(end->function), called) : NULL;
    out->exact = !out->cut;
}

static void find_marks(struct search *s, uint32_t count)
{
    for (uint32_t f = 0; f < count; f++) {
        const struct capr_tables *t = capr__table_of(f);
        const struct capr_context_function *its = capr__table_function(t, f);
        for (uint32_t i = 0; i < its->sites && s->mark_count < MARKS_MAX; i++) {
            const struct capr_context_site *site = &t->of.sites[its->first + i];
            if (site->flags & 4)
                s->marks[s->mark_count++] = (struct step){site, f};
        }
    }
}

/* The functions that the unwinder met, innermost first, and whether all of them. */
static int walked(const struct capr_graph *g, const struct capr_node *n, uint32_t *functions, uint32_t *count)
{
    uint32_t from = *count = 0;
    for (uint32_t i = 0; i < n->frame_count && *count < CAPR_CHAIN_MAX; i++) {
        if (!g->frames[n->frames + i])
            from = *count;
        else if (capr__table_find(g->frames[n->frames + i], &functions[*count]) == CAPR_PLACE_LISTED)
            ++*count;
    }
    return (int)from;
}

static void set_walked(struct search *s, const uint32_t *inwards, uint32_t count)
{
    s->walked_count = count;
    for (uint32_t i = 0; i < count; i++)
        s->walked[i] = inwards[count - 1 - i];
}

void capr__decode(const struct capr_graph *g, const struct capr_node *n, struct capr_chain *out)
{
    struct search s = {.word = n->word};
    uint32_t met[CAPR_CHAIN_MAX], inwards[CAPR_CHAIN_MAX], all;
    uint32_t count = capr__table_functions();
    find_marks(&s, count);
    out->count = 0;
    out->sink = NULL;
    out->exact = 0;
    uint32_t outer = (uint32_t)walked(g, n, met, &all);
    out->cut = outer != 0;
    memcpy(inwards, met, all * sizeof *met);
    set_walked(&s, inwards, out->cut ? all : capr__table_collapse(inwards, NULL, all));
    /* A thread whose first function is the runtime's or a library's. */
    if (!s.walked_count && (s.word == 0 || s.word == capr__context_back(0))) {
        out->exact = 1;
        return;
    }
    if (!out->cut && s.walked_count && search_all(&s, BACK_MAX)) {
        show(&s, out);
        return;
    }
    /* What repeats may be recursion by pointers besides, of which every call counts. */
    if (!out->cut && s.walked_count < all) {
        uint32_t fewer = s.walked_count;
        set_walked(&s, met, all);
        s.total = 0;
        if (search_all(&s, 0)) {
            show(&s, out);
            return;
        }
        set_walked(&s, inwards, fewer);
    }
    /* The frame of one that a pointer led to may be gone, and the walk does not say of which. */
    if (!out->cut && s.walked_count) {
        s.siblings = count;
        s.total = 0;
        if (search_all(&s, 0)) {
            show(&s, out);
            return;
        }
        s.siblings = 0;
    }
    /* The first function's frame may be gone as well: then any that is a thread's start may be it. */
    if (!out->cut && s.walked_count < CAPR_CHAIN_MAX) {
        for (uint32_t i = ++s.walked_count; i-- > 1;)
            s.walked[i] = s.walked[i - 1];
        for (uint32_t f = 0; f < count; f++) {
            s.walked[0] = f;
            if (search_all(&s, 0) && s.way[0].site->flags & 1) {
                show(&s, out);
                return;
            }
        }
        s.walked_count--;
        for (uint32_t i = 0; i < s.walked_count; i++)
            s.walked[i] = s.walked[i + 1];
    }
    for (uint32_t i = 0; i < s.walked_count; i++) {
        if (out->cut && i == s.walked_count - outer)
            out->calls[out->count++] = (struct capr_chain_call){left_out, 0};
        out->calls[out->count++] = (struct capr_chain_call){name_of(s.walked[i]), 0};
    }
}
