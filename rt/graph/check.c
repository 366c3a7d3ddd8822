/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A node keeps the calls that were on the stack when its word was met for the first time. Each later block with that word has to decode,
 * from its own stack, to the same chain: two chains with one word would be told apart here, and so would a word that some way out of
 * a function has left changed. Plain code.
 */
#include "check.h"

#include <string.h>

#include "../proc/message.h"
#include "decode.h"
#include "tables.h"
#include "text.h"

static void describe(const struct capr_chain *chain, struct capr_text *text) {
    for (uint32_t i = 0; i < chain->count; i++)
        for (const char *at = chain->calls[i].place; *at; at++)
            capr__text_add(text, "%s%c", i && at == chain->calls[i].place ? " > " : "", *at == '\n' ? '>' : *at == '\t' ? ' ' : *at);
    capr__text_add(text, " > %s", chain->sink ? chain->sink : "?");
}

void capr__check_chain(const struct capr_graph *g, const struct capr_node *n) {
    if (!n->frame_count) /* too many chains were met before, and there was no room to note its calls */
        return;
    void *frames[CAPR_CHAIN_MAX];
    struct capr_graph now = {.frames = frames};
    struct capr_node here = {.word = n->word, .frame_count = capr__walk_alone(frames, CAPR_CHAIN_MAX)};
    struct capr_chain known, met;
    if (capr__tables_index()) capr__fatal("CAPRICCIO_GRAPH_CHECK: out of memory");
    uint32_t steps = CAPR_DECODE_STEPS, again = CAPR_DECODE_STEPS;
    capr__decode(g, n, &known, &steps);
    capr__decode(&now, &here, &met, &again);
    /* Nothing says what is left out; the word is not this chain's alone; not all ways were tried. */
    if (known.cut || met.cut || known.unsure || met.unsure || known.gave_up || met.gave_up) return;
    int same = known.exact && met.exact && known.count == met.count && known.sink == met.sink;
    for (uint32_t i = 0; same && i < known.count; i++) same = known.calls[i].place == met.calls[i].place;
    if (same) return;
    struct capr_text a = {0}, b = {0};
    describe(&known, &a);
    describe(&met, &b);
    capr__fatal("CAPRICCIO_GRAPH_CHECK: the word %016llx stands for%s %.*s, but the stack is%s %.*s", (unsigned long long)n->word,
                known.exact ? "" : " (inexact)", (int)a.used, a.data, met.exact ? "" : " (inexact)", (int)b.used, b.data);
}
