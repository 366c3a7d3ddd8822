/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The unwinder has said at which addresses the functions on the stack go on, and the tables say of which call each is. Followed from the
 * thread's first function, these calls' changes have to add up to the word. Where they do not, or an address is not in the tables, a search
 * takes at a function those calls that lead to the next one, and keeps the one way that adds up. Frames can be missing where a
 * call was the last thing that its function did (a sibling call): a way may lead through such functions too. And what the runtime
 * calls of the program (call_back.h) may stand on any function: a signal came there. The search ends after a number of steps, so that
 * what no way adds up to costs no more than milliseconds.
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

struct step {
    const struct capr_context_site *site;
    uint32_t function;
};

struct search {
    uint32_t walked[CAPR_CHAIN_MAX + 1]; /* functions, outermost first, */
    const struct capr_context_site *known[CAPR_CHAIN_MAX + 1]; /* and by which call each went on; NULL: by any of its own */
    uint32_t walked_count;
    uint64_t word;
    uint32_t steps;                      /* of this search */
    uint32_t left;                       /* for the node */
    uint32_t siblings;                   /* functions of the table, whose frames may be gone where a pointer led to them; 0: not tried */
    uint32_t back;                       /* calls of the program by the runtime that the way may have yet */
    struct step way[CAPR_CHAIN_MAX + 1];
    uint32_t way_count;
    struct step marks[MARKS_MAX];
    uint32_t mark_count;
    int marks_found;                     /* which takes a look at all calls of all tables */
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

static void find_marks(struct search *s)
{
    for (uint32_t f = 0, count = capr__table_functions(); f < count && s->mark_count < MARKS_MAX; f++) {
        const struct capr_tables *t = capr__table_of(f);
        const struct capr_context_function *its = capr__table_function(t, f);
        for (uint32_t i = 0; i < its->sites && s->mark_count < MARKS_MAX; i++) {
            const struct capr_context_site *site = &t->of.sites[its->first + i];
            if (site->flags & 4)
                s->marks[s->mark_count++] = (struct step){site, f};
        }
    }
    s->marks_found = 1;
}

/* With `word` a function is entered that the table does not name: the walk's next after `at`, or one that has gone on there by a call that
 * marks the word. */
static int enter(struct search *s, uint32_t at, uint32_t gone, uint64_t word)
{
    if (entered(s->walked[at + 1]) && search(s, s->walked[at + 1], at + 1, 0, word))
        return 1;
    if (!s->marks_found)
        find_marks(s);
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
    if (s->way_count == CAPR_CHAIN_MAX)
        return 0;
    const struct capr_tables *t = capr__table_of(function);
    const struct capr_context_function *f = capr__table_function(t, function);
    const struct capr_context_site *known = gone ? NULL : s->known[at], *site = known ? known : &t->of.sites[f->first];
    int last = at + 1 == s->walked_count;
    for (const struct capr_context_site *end = known ? known + 1 : site + f->sites; site < end; site++) {
        if (gone && !(site->flags & 1))
            continue;
        if (s->steps == STEPS_MAX || !s->left)
            return 0;
        s->steps++;
        s->left--;
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
    if (last || gone || known)
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
    for (uint32_t i = 0; i < s->way_count; i++)
        out->unsure |= s->way[i].site == &interrupted;
    out->exact = !out->cut && !out->unsure;
}

/* Of the calls of a function to one that it recurses with, the first stands for all that change the word alike: the word does not say which. */
static const struct capr_context_site *representative(const struct capr_context_site *site, uint32_t function)
{
    const struct capr_tables *t = capr__table_of(function);
    const struct capr_context_site *first = &t->of.sites[capr__table_function(t, function)->first];
    while (first->to != site->to || first->constant != site->constant || (first->flags ^ site->flags) & (CAPR_SITE_INSIDE | 6))
        first++;
    return first;
}

/* The functions that the unwinder met and their calls, innermost first. What the frames leave out is behind the first `*inner`; 0: nothing. */
static uint32_t walked(const struct capr_graph *g, const struct capr_node *n, uint32_t *functions, const struct capr_context_site **known, uint32_t *inner)
{
    uint32_t count = *inner = 0;
    for (uint32_t i = 0; i < n->frame_count && count < CAPR_CHAIN_MAX; i++) {
        const void *address = g->frames[n->frames + i];
        if (!address) {
            *inner = count;
        } else if (capr__table_find(address, &functions[count]) == CAPR_PLACE_LISTED) {
            const struct capr_context_site *site = capr__table_call(address, functions[count]);
            known[count] = site && site->flags & CAPR_SITE_INSIDE ? representative(site, functions[count]) : site;
            count++;
        }
    }
    return count;
}

/* With `calls` NULL, each function may have gone on by any of its calls. */
static void set_walked(struct search *s, const uint32_t *inwards, const struct capr_context_site *const *calls, uint32_t count)
{
    s->walked_count = count;
    for (uint32_t i = 0; i < count; i++) {
        s->walked[i] = inwards[count - 1 - i];
        s->known[i] = calls ? calls[count - 1 - i] : NULL;
    }
}

/* The frame of the thread's first function may be gone as well: any that is a thread's start may be it. */
static int search_without_first(struct search *s)
{
    if (s->walked_count == CAPR_CHAIN_MAX)
        return 0;
    uint32_t n = s->walked_count++;
    memmove(s->walked + 1, s->walked, n * sizeof *s->walked);
    memmove(s->known + 1, s->known, n * sizeof *s->known);
    s->known[0] = NULL;
    for (uint32_t f = 0, count = capr__table_functions(); f < count && s->left; f++) {
        s->walked[0] = f;
        if (search_all(s, 0) && s->way[0].site->flags & 1)
            return 1;
    }
    return 0;
}

/* By the calls that the addresses are of; then by any, first where what recursion repeats is taken out. */
static int search_ways(struct search *s, const struct capr_graph *g, const struct capr_node *n)
{
    uint32_t met[CAPR_CHAIN_MAX], inwards[CAPR_CHAIN_MAX], inner;
    const struct capr_context_site *calls[CAPR_CHAIN_MAX], *along[CAPR_CHAIN_MAX];
    uint32_t all = walked(g, n, met, calls, &inner);
    memcpy(inwards, met, all * sizeof *met);
    memcpy(along, calls, all * sizeof *calls);
    uint32_t fewer = capr__table_collapse(inwards, (void **)along, all);
    set_walked(s, inwards, along, fewer);
    if (search_all(s, BACK_MAX))
        return 1;
    /* What repeats may be recursion by pointers besides, of which every call counts. */
    if (fewer < all) {
        set_walked(s, met, calls, all);
        if (search_all(s, 0))
            return 1;
    }
    /* The frame of one that a pointer led to may be gone, and the walk does not say of which. */
    set_walked(s, inwards, along, fewer);
    s->siblings = capr__table_functions();
    if (search_all(s, 0))
        return 1;
    s->siblings = 0;
    if (search_without_first(s))
        return 1;
    set_walked(s, inwards, NULL, fewer);
    if (search_all(s, BACK_MAX))
        return 1;
    set_walked(s, met, NULL, all);
    return fewer < all && search_all(s, 0);
}

/* What the unwinder met, and nothing that the word says. */
static void show_walk(const struct capr_graph *g, const struct capr_node *n, struct capr_chain *out)
{
    uint32_t met[CAPR_CHAIN_MAX], inner;
    const struct capr_context_site *calls[CAPR_CHAIN_MAX];
    uint32_t count = walked(g, n, met, calls, &inner);
    if (!inner)
        count = capr__table_collapse(met, (void **)calls, count);
    for (uint32_t i = count; i-- != 0;) {
        const struct capr_tables *t = capr__table_of(met[i]);
        if (inner && i == inner - 1)
            add_call(out, left_out, 0);
        add_call(out, calls[i] ? capr__table_text(t, calls[i]->place) : name_of(met[i]), 0);
        if (i == 0 && calls[i] && calls[i]->flags >> CAPR_SITE_TEXT)
            out->sink = capr__table_text(t, calls[i]->flags >> CAPR_SITE_TEXT);
    }
}

void capr__decode(const struct capr_graph *g, const struct capr_node *n, struct capr_chain *out, uint32_t *steps)
{
    struct search s = {.word = n->word, .left = *steps};
    out->count = 0;
    out->sink = NULL;
    out->exact = out->cut = out->unsure = 0;
    for (uint32_t i = 0; i < n->frame_count; i++)
        out->cut |= !g->frames[n->frames + i];
    int found = !out->cut && search_ways(&s, g, n);
    if (found)
        show(&s, out);
    /* A thread whose first function is the runtime's or a library's has none. */
    else if (!s.walked_count && !out->cut && (s.word == 0 || s.word == capr__context_back(0)))
        out->exact = 1;
    else
        show_walk(g, n, out);
    *steps = s.left;
}
