/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The unwinder has said at which addresses the functions on the stack go on, and the tables say of which call each is. Followed from the
 * thread's first function, these calls' changes have to add up to the word, and mostly do. Where not all is so plain, a search
 * keeps the one way that adds up. At a function whose address the tables do not have it takes those calls that lead to the next one. Frames can
 * be missing where a call was the last thing that its function did (a sibling call): a way may lead through such functions too. And what
 * the runtime calls of the program (call_back.h) may stand on any function: a signal came there. Ways with few such oddities
 * are tried first. All plain calls can be taken back from the word, which says at once whether what is left of a way, being plain, can
 * fit. The search ends after a number of steps, so that what no way adds up to costs no more than milliseconds.
 */
#include "decode.h"

#include <string.h>

#include "call_back.h"
#include "recursion.h"
#include "tables.h"

#define GONE_MAX 6       /* frames in a row that sibling calls have left out */
#define ODD_MAX 8        /* frames that are missing, and calls of the program by the runtime, on one chain */
#define MARKS_MAX 32     /* calls that mark the word: state machines are few */
#define STEPS_MAX 100000 /* of a search with so many oddities */
#define FAILED 1024      /* places for what was tried in vain, 8 KB of stack: where words are marked, many ways lead to the same */

struct step {
    const struct capr_context_site *site;
    uint32_t function;
};

struct search {
    uint32_t walked[CAPR_CHAIN_MAX + 1]; /* functions, outermost first, */
    const struct capr_context_site *known[CAPR_CHAIN_MAX + 1]; /* and by which call each went on; NULL: by any of its own */
    uint64_t need[CAPR_CHAIN_MAX + 1];   /* with which word the thread was in walked[i], if all calls from there on are plain */
    uint32_t plain;                      /* from which function on they can be */
    uint32_t walked_count;
    uint64_t word;
    uint32_t steps;                      /* of this search */
    uint32_t left;                       /* for the node */
    uint32_t siblings;                   /* functions of the table, whose frames may be gone where a pointer led to them; 0: not tried */
    uint32_t odd;                        /* oddities that the way may have yet */
    int more;                            /* ways were left out that have more */
    int gave_up;                         /* some search had no steps left, before siblings were tried */
    struct step way[CAPR_CHAIN_MAX + 1];
    uint32_t way_count;
    struct step marks[MARKS_MAX];
    uint32_t mark_count;
    int marks_found;                     /* which takes a look at all calls of all tables */
    uint64_t failed[FAILED];             /* hashes: of where a search was that has found nothing */
};

/* Stands for a signal that came while the function ran. */
static const struct capr_context_site interrupted = {.to = CAPR_CONTEXT_SINK};

static const char left_out[] = "...";

static int search(struct search *s, uint32_t function, uint32_t at, uint32_t gone, uint64_t word);

static int entered(uint32_t function) { return (int)capr__table_function(capr__table_of(function), function)->entered; }
static const char *name_of(uint32_t function) {
    const struct capr_tables *t = capr__table_of(function);
    return capr__table_text(t, capr__table_function(t, function)->name);
}

static void find_marks(struct search *s) {
    for (uint32_t f = 0, count = capr__table_functions(); f < count && s->mark_count < MARKS_MAX; f++) {
        const struct capr_tables *t = capr__table_of(f);
        const struct capr_context_function *its = capr__table_function(t, f);
        for (uint32_t i = 0; i < its->sites && s->mark_count < MARKS_MAX; i++) {
            const struct capr_context_site *site = &t->of.sites[its->first + i];
            if (site->flags & 4) s->marks[s->mark_count++] = (struct step){site, f};
        }
    }
    s->marks_found = 1;
}

/* May the way have another oddity? Then it has. */
static int spend(struct search *s) {
    if (s->odd) return s->odd--, 1;
    s->more = 1;
    return 0;
}

/* The walk's next function after `at` is entered with `word`, by one that has gone on there by a call that marks it, or whose frame is gone. */
static int enter_oddly(struct search *s, uint32_t at, uint32_t gone, uint64_t word) {
    if (!s->marks_found) find_marks(s);
    for (uint32_t i = 0; i < s->mark_count && s->way_count < CAPR_CHAIN_MAX; i++) {
        s->way[s->way_count++] = s->marks[i];
        if (search(s, s->walked[at + 1], at + 1, 0, capr__site_apply(s->marks[i].site, word))) return 1;
        s->way_count--;
    }
    for (uint32_t f = 0; f < s->siblings && gone < GONE_MAX; f++)
        if (entered(f) && search(s, f, at, gone + 1, word)) return 1;
    return 0;
}

/* With `word` a function is entered that the table does not name. */
static int enter(struct search *s, uint32_t at, uint32_t gone, uint64_t word) {
    if (entered(s->walked[at + 1]) && search(s, s->walked[at + 1], at + 1, 0, word)) return 1;
    if (!spend(s)) return 0;
    int found = enter_oddly(s, at, gone, word);
    s->odd++;
    return found;
}

/* From the walk's `at`-th function the runtime, with `word`, calls the next. */
static int search_back(struct search *s, uint32_t at, uint64_t word) {
    if (!spend(s)) return 0;
    int found = enter(s, at, 0, capr__context_back(word)); /* also one whose frame is gone: a handler that ends in a sibling call */
    s->odd++;
    return found;
}

/* `to`, which the way's last call names, has gone on by a sibling call. */
static int search_gone(struct search *s, uint32_t to, uint32_t at, uint32_t gone, uint64_t word) {
    if (gone == GONE_MAX || !spend(s)) return 0;
    int found = search(s, to, at, gone + 1, word);
    s->odd++;
    return found;
}

/* All that is left is plain. */
static int follow(struct search *s, uint32_t at) {
    if (s->way_count + s->walked_count - at > CAPR_CHAIN_MAX) return 0;
    for (; at < s->walked_count; at++) s->way[s->way_count++] = (struct step){s->known[at], s->walked[at]};
    return 1;
}

static uint64_t hash_of(uint32_t function, uint32_t at, uint32_t gone, uint32_t odd, uint64_t word) {
    uint64_t where = (uint64_t)function << 32 | at << 16 | gone << 8 | odd;
    word = (word ^ where * CAPR_CONTEXT_SPREAD) * CAPR_CONTEXT_MIX;
    return word ^ word >> 32;
}

/* The thread is in `function`, which is the walk's `at`-th, or, after `gone` frames that the walk does not have, behind it. */
static int search(struct search *s, uint32_t function, uint32_t at, uint32_t gone, uint64_t word) {
    if (s->way_count == CAPR_CHAIN_MAX || s->steps == STEPS_MAX || !s->left) return 0;
    s->steps++;
    s->left--;
    int plain = !gone && at >= s->plain;
    if (plain && word == s->need[at]) return follow(s, at);
    if (plain && !s->odd) return s->more = 1, 0;
    uint64_t here = hash_of(function, at, gone, s->odd, word), *failed = &s->failed[here % FAILED];
    if (*failed == here) return s->more = 1, 0;
    const struct capr_tables *t = capr__table_of(function);
    const struct capr_context_function *f = capr__table_function(t, function);
    const struct capr_context_site *known = gone ? NULL : s->known[at], *site = known ? known : &t->of.sites[f->first];
    int last = at + 1 == s->walked_count;
    for (const struct capr_context_site *end = known ? known + 1 : site + f->sites; site < end; site++) {
        if (gone && !(site->flags & 1)) continue;
        uint64_t then = capr__site_apply(site, word);
        s->way[s->way_count++] = (struct step){site, function};
        uint32_t to = capr__site_to(t, site);
        int named = to < CAPR_CONTEXT_SINK;
        if (last && !named && then == s->word) return 1;
        if (!last && named && to == s->walked[at + 1] && search(s, s->walked[at + 1], at + 1, 0, then)) return 1;
        if (!last && to == CAPR_CONTEXT_OUTSIDE && enter(s, at, gone, then)) return 1;
        if (!last && !named && search_back(s, at, then)) return 1;
        /* Where the call is known and leads elsewhere than the walk, that is how it was, and nothing odd about it. */
        if (named && known && (last || to != s->walked[at + 1]) ? search(s, to, at, 1, then) : named && search_gone(s, to, at, gone, then)) return 1;
        s->way_count--;
    }
    if (!last && !gone && !known) {
        s->way[s->way_count++] = (struct step){&interrupted, function};
        if (search_back(s, at, word)) return 1;
        s->way_count--;
    }
    *failed = here;
    return 0;
}

/* What the word was before each call, as far out as calls are known, lead where the walk says and can be taken back. */
static void find_need(struct search *s) {
    uint64_t word = s->word;
    for (uint32_t i = s->plain = s->walked_count; i-- != 0;) {
        const struct capr_context_site *site = s->known[i];
        uint32_t to = site ? capr__site_to(capr__table_of(s->walked[i]), site) : 0;
        int last = i + 1 == s->walked_count;
        if (!site || site->flags & 4 || (last ? to < CAPR_CONTEXT_SINK : to != s->walked[i + 1] && (to != CAPR_CONTEXT_OUTSIDE || !entered(s->walked[i + 1]))))
            return;
        s->need[i] = word = capr__site_take_back(site, word);
        s->plain = i;
    }
}

/* A thread begins with 0, and runs destructors of keys with 0 once its first function has returned. */
static int search_all(struct search *s) {
    if (!s->walked_count) return 0;
    find_need(s);
    memset(s->failed, 0, sizeof s->failed);
    s->more = 1;
    for (uint32_t odd = 0; odd <= ODD_MAX && s->more; odd++) {
        s->odd = odd;
        s->more = 0;
        s->steps = s->way_count = 0;
        if (search(s, s->walked[0], 0, 0, 0)) return 1;
        s->way_count = 0;
        if (search(s, s->walked[0], 0, 0, capr__context_back(0))) return 1;
        if (s->steps == STEPS_MAX || !s->left) {
            s->gave_up |= !s->siblings;
            return 0;
        }
    }
    return 0;
}

static void add_call(struct capr_chain *out, const char *place, int recursive) {
    if (out->count <= CAPR_CHAIN_MAX)
        out->calls[out->count++] = (struct capr_chain_call){place, recursive};
    else
        out->cut = 1;
}

/* Of the calls of a function to one that it recurses with, the first stands for all that change the word alike: the word does not say which. */
static const struct capr_context_site *representative(const struct capr_context_site *site, uint32_t function) {
    const struct capr_tables *t = capr__table_of(function);
    const struct capr_context_site *first = &t->of.sites[capr__table_function(t, function)->first];
    while (first->to != site->to || first->constant != site->constant || (first->flags ^ site->flags) & (CAPR_SITE_INSIDE | 6)) first++;
    return first;
}

/* From the way's step `first` to `last`, all but the last call a function of the same component: recursion. The word says with which function
 * that began and with which it ended, and not how it went between them. So what is shown depends on these two alone: they, and what every
 * way from the one to the other passes. What came back to a function is left out, and its last call stands for all. */
static void show_recursion(const struct search *s, uint32_t first, uint32_t last, struct capr_chain *out) {
    uint32_t from = s->way[first].function, to = s->way[last].function, shown = UINT32_MAX;
    const char *name = NULL, *place = NULL;
    int before = 0;
    for (uint32_t i = first; i <= last; i++) {
        int recursive = 0;
        for (uint32_t k = i + 1; k <= last; k++)
            if (s->way[k].function == s->way[i].function) i = k, recursive = 1;
        uint32_t function = s->way[i].function;
        if (function != from && function != to && capr__recursion_passes(from, to, function)) continue;
        if (name) {
            int sure = !capr__recursion_detours(shown, function);
            add_call(out, sure ? place : name, before);
            if (!sure) add_call(out, left_out, 0);
        }
        shown = function;
        before = recursive;
        name = name_of(function);
        const struct capr_context_site *site = s->way[i].site;
        if (site->flags & CAPR_SITE_INSIDE) site = representative(site, function);
        place = site == &interrupted ? name : capr__table_text(capr__table_of(function), site->place);
    }
    add_call(out, place, before);
}

/* May another chain have the same word? Where a signal came between the calls that the word counts, as it was there. And where functions that go
 * round by calls that mark the word are called again meanwhile: no call marks what is marked, so that what is added before counts with
 * what is added after. */
static int unsure(const struct search *s) {
    int marked = 0, added = 0;
    for (uint32_t i = 0; i < s->way_count; i++) {
        const struct capr_context_site *site = s->way[i].site;
        if (site == &interrupted || (site->flags & 4 && marked && added)) return 1;
        if (site->flags & 6) {
            marked = (site->flags & 4) != 0;
            added = 0;
        } else {
            added |= marked && !(site->flags & 1);
        }
    }
    return 0;
}

static void show(const struct search *s, struct capr_chain *out) {
    for (uint32_t first = 0, last; first < s->way_count; first = last + 1) {
        for (last = first; last + 1 < s->way_count && s->way[last].site->flags & CAPR_SITE_INSIDE;) last++;
        show_recursion(s, first, last, out);
    }
    const struct step *end = &s->way[s->way_count - 1];
    uint32_t called = end->site->flags >> CAPR_SITE_TEXT;
    out->sink = called ? capr__table_text(capr__table_of(end->function), called) : NULL;
    out->unsure = unsure(s);
    out->exact = !out->cut && !out->unsure;
}

/* The functions that the unwinder met and their return addresses, innermost first. What the frames leave out is behind the first `*inner`; 0:
 * nothing. */
static uint32_t walked(const struct capr_graph *g, const struct capr_node *n, uint32_t *functions, void **frames, uint32_t *inner) {
    uint32_t count = *inner = 0;
    for (uint32_t i = 0; i < n->frame_count && count < CAPR_CHAIN_MAX; i++) {
        frames[count] = g->frames[n->frames + i];
        if (!frames[count])
            *inner = count;
        else if (capr__table_find(frames[count], &functions[count]) == CAPR_PLACE_LISTED)
            count++;
    }
    return count;
}

/* With `frames` NULL, each function may have gone on by any of its calls. */
static void set_walked(struct search *s, const uint32_t *inwards, void *const *frames, uint32_t count) {
    s->walked_count = count;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t k = count - 1 - i;
        s->walked[i] = inwards[k];
        s->known[i] = frames ? capr__table_call(frames[k], inwards[k]) : NULL;
    }
}

/* The frame of the thread's first function may be gone as well: any that is a thread's start may be it. */
static int search_without_first(struct search *s) {
    if (s->walked_count == CAPR_CHAIN_MAX) return 0;
    uint32_t n = s->walked_count++;
    memmove(s->walked + 1, s->walked, n * sizeof *s->walked);
    memmove(s->known + 1, s->known, n * sizeof *s->known);
    s->known[0] = NULL;
    for (uint32_t f = 0, count = capr__table_functions(); f < count && s->left; f++) {
        s->walked[0] = f;
        if (search_all(s) && s->way[0].site->flags & 1) return 1;
    }
    return 0;
}

/* By the calls that the addresses are of; then, in what was met, by any. First where what recursion repeats is taken out: it may be recursion by
 * pointers besides, of which every call counts. */
static int search_ways(struct search *s, const struct capr_graph *g, const struct capr_node *n) {
    uint32_t met[CAPR_CHAIN_MAX], inwards[CAPR_CHAIN_MAX], inner;
    void *frames[CAPR_CHAIN_MAX + 1], *along[CAPR_CHAIN_MAX];
    uint32_t all = walked(g, n, met, frames, &inner);
    memcpy(inwards, met, all * sizeof *met);
    memcpy(along, frames, all * sizeof *along);
    uint32_t fewer = capr__table_collapse(inwards, along, all);
    /* The frame of one that a pointer led to may be gone, and the walk does not say of which: then any. */
    for (int gone = 0; gone < 2; gone++) {
        s->siblings = gone ? capr__table_functions() : 0;
        set_walked(s, inwards, along, fewer);
        if (search_all(s)) return 1;
        set_walked(s, met, frames, all);
        if (fewer < all && search_all(s)) return 1;
    }
    s->siblings = 0;
    set_walked(s, inwards, along, fewer);
    if (search_without_first(s)) return 1;
    set_walked(s, inwards, NULL, fewer);
    if (search_all(s)) return 1;
    set_walked(s, met, NULL, all);
    return fewer < all && search_all(s);
}

/* What the unwinder met, and nothing that the word says. */
static void show_walk(const struct capr_graph *g, const struct capr_node *n, struct capr_chain *out) {
    uint32_t met[CAPR_CHAIN_MAX], inner;
    void *frames[CAPR_CHAIN_MAX + 1];
    uint32_t count = walked(g, n, met, frames, &inner);
    if (!inner) count = capr__table_collapse(met, frames, count);
    for (uint32_t i = count; i-- != 0;) {
        const struct capr_tables *t = capr__table_of(met[i]);
        const struct capr_context_site *site = capr__table_call(frames[i], met[i]);
        if (inner && i == inner - 1) add_call(out, left_out, 0);
        add_call(out, site ? capr__table_text(t, site->place) : name_of(met[i]), 0);
        if (i == 0 && site && site->flags >> CAPR_SITE_TEXT) out->sink = capr__table_text(t, site->flags >> CAPR_SITE_TEXT);
    }
}

void capr__decode(const struct capr_graph *g, const struct capr_node *n, struct capr_chain *out, uint32_t *steps) {
    struct search s = {.word = n->word, .left = *steps};
    out->count = 0;
    out->sink = NULL;
    out->exact = out->cut = out->unsure = out->gave_up = 0;
    for (uint32_t i = 0; i < n->frame_count; i++) out->cut |= !g->frames[n->frames + i];
    int found = !out->cut && search_ways(&s, g, n);
    out->gave_up = !found && s.gave_up;
    if (found) show(&s, out);
    /* A thread whose first function is the runtime's or a library's has none. */
    else if (!s.walked_count && !out->cut && (s.word == 0 || s.word == capr__context_back(0)))
        out->exact = 1;
    else
        show_walk(g, n, out);
    *steps = s.left;
}
