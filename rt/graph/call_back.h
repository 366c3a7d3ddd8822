/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The program's code that the runtime calls: signal handlers, destructors of keys, cleanup handlers, routines of pthread_once. The pass has
 * numbered the runtime's calls as ends of chains (passes/ContextGraph.h), so that what such code adds could make the sum of another chain.
 * Hence it goes as at a call through a pointer: the word is turned, and a constant goes in, above all that chains of a program add up to.
 * Put back as it was, not counted back: the code may have left by longjmp.
 */
#ifndef CAPR_GRAPH_CALL_BACK_H
#define CAPR_GRAPH_CALL_BACK_H

#include "../layout.h"

#define CAPR_CONTEXT_BACK 0x5851f42d4c957f2d /* any number far above what calls add (2^30): a chain that begins here is no thread's first */

static inline uint64_t capr__context_back(uint64_t word) {
    return word * CAPR_CONTEXT_MIX + CAPR_CONTEXT_BACK;
}

/* Returns what capr__call_back_ends is to get. */
static inline uint64_t capr__call_back_begins(struct capr_worker *w) {
    uint64_t before = w->context;
    w->context = capr__context_back(before);
    return before;
}

static inline void capr__call_back_ends(struct capr_worker *w, uint64_t before) { w->context = before; }

/* The value of a call of libc's that may call the program. */
#define CAPR_CALLS_BACK(call)                                                                                                      \
    ({                                                                                                                             \
        uint64_t before_ = capr__call_back_begins(&capr__worker);                                                                  \
        __auto_type value_ = (call);                                                                                               \
        capr__call_back_ends(&capr__worker, before_);                                                                              \
        value_;                                                                                                                    \
    })

/* Calls `function`. Never inlined: in a function of the program, the call would be numbered as that function's. May block. */
CAPR_HIDDEN void capr__call_back(void (*function)(void *), void *arg);

#endif
