/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The unwinder has said which functions stand on the stack; the word says by which call of each. A search from the thread's first
 * function takes, at every function, those calls of the table that lead to the next one, and keeps the one way whose changes add up
 * to the word. Frames can be missing where a call was the last thing that its function did (a sibling call): a way may lead
 * through such functions too.
 */
#include "decode.h"

#include "tables.h"

#define GONE_MAX 6      /* frames in a row that sibling calls have left out */
#define STEPS_MAX 100000

struct search {
    const struct capr_context_function *functions;
    const struct capr_context_site *sites;
    uint32_t walked[CAPR_CHAIN_MAX + 1]; /* functions, outermost first */
    uint32_t walked_count;
    uint64_t word;
    uint32_t steps;
    const struct capr_context_site *way[CAPR_CHAIN_MAX + 1];
    uint32_t way_function[CAPR_CHAIN_MAX + 1];
    uint32_t way_count;
};

/* The thread is in `function`, which is the walk's `at`-th, or, after `gone` frames that the walk does not have, behind it. */
static int search(struct search *s, uint32_t function, uint32_t at, uint32_t gone, uint64_t word)
{
    if (s->way_count == CAPR_CHAIN_MAX || s->steps++ > STEPS_MAX)
        return 0;
    const struct capr_context_function *f = &s->functions[function];
    int last = at + 1 == s->walked_count;
    for (uint32_t i = 0; i < f->sites; i++) {
        const struct capr_context_site *site = &s->sites[f->first + i];
        if (gone && !(site->flags & 1))
            continue;
        uint64_t then = capr__site_apply(site, word);
        s->way[s->way_count] = site;
        s->way_function[s->way_count++] = function;
        int named = site->to < CAPR_CONTEXT_SINK;
        if (last && !named && then == s->word)
            return 1;
        /* A call of the runtime, or of a library, may call back. */
        if (!last && (!named || site->to == s->walked[at + 1]) && search(s, s->walked[at + 1], at + 1, 0, then))
            return 1;
        if (named && gone < GONE_MAX && search(s, site->to, at, gone + 1, then))
            return 1;
        s->way_count--;
    }
    return 0;
}

/* What lies between two calls of one function that changed nothing of the word is recursion: shown once. */
static void show(const struct search *s, struct capr_chain *out)
{
    for (uint32_t i = 0; i < s->way_count; i++) {
        uint32_t end = i, recursive = 0;
        for (uint32_t k = i + 1; k < s->way_count && !s->way[k - 1]->constant; k++)
            if (s->way_function[k] == s->way_function[i])
                end = k, recursive = 1;
        i = end;
        out->calls[out->count++] = (struct capr_chain_call){capr__table_text(s->way[i]->place), (int)recursive};
    }
    const struct capr_context_site *last = s->way[s->way_count - 1];
    out->sink = last->flags >> 2 ? capr__table_text(last->flags >> 2) : NULL;
    out->exact = 1;
}

void capr__decode(const struct capr_graph *g, const struct capr_node *n, struct capr_chain *out)
{
    struct search s = {.word = n->word};
    uint32_t count = capr__table_functions(&s.functions);
    s.sites = capr__table_sites();
    out->count = 0;
    out->sink = NULL;
    out->exact = 0;
    for (uint32_t i = n->frame_count; i-- != 0;) {
        uint32_t function;
        if (capr__table_find(g->frames[n->frames + i], &function) == CAPR_PLACE_LISTED && s.walked_count < CAPR_CHAIN_MAX)
            s.walked[s.walked_count++] = function;
    }
    /* The first function's frame may be gone as well: then any that is a thread's start may be it. */
    if (s.walked_count && search(&s, s.walked[0], 0, 0, 0)) {
        show(&s, out);
        return;
    }
    for (uint32_t f = 0; f < count; f++) {
        s.way_count = 0;
        s.walked_count += 1;
        for (uint32_t i = s.walked_count; i-- > 1;)
            s.walked[i] = s.walked[i - 1];
        s.walked[0] = f;
        int found = search(&s, f, 0, 0, 0);
        if (found && s.way[0]->flags & 1) {
            show(&s, out);
            return;
        }
        s.walked_count -= 1;
        for (uint32_t i = 0; i < s.walked_count; i++)
            s.walked[i] = s.walked[i + 1];
    }
    for (uint32_t i = 0; i < s.walked_count; i++)
        out->calls[out->count++] = (struct capr_chain_call){capr__table_text(s.functions[s.walked[i]].name), 0};
}
