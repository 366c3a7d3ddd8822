/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A text that grows, in mapped memory: the graph is written while a thread may hold the allocator's lock. Plain code.
 */
#ifndef CAPR_GRAPH_TEXT_H
#define CAPR_GRAPH_TEXT_H

#include <stdarg.h>
#include <stddef.h>

struct capr_text {
    char *data;
    size_t used, size;
    int failed; /* no memory: the text is of no use */
};

/* To a NULL text nothing is added: for what is written in two languages, of which one may not be wanted. */
void capr__text_add(struct capr_text *t, const char *format, ...) __attribute__((format(printf, 2, 3), visibility("hidden")));

/* As the inside of a JSON or DOT string. Bytes that are no UTF-8 become U+FFFD. */
void capr__text_quote(struct capr_text *t, const char *from, size_t length) __attribute__((visibility("hidden")));

void capr__text_free(struct capr_text *t) __attribute__((visibility("hidden")));

#endif
