// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Figures and chains as people read them.
#ifndef GRAPH_TEXT_H
#define GRAPH_TEXT_H

#include "model.h"

#include <stdio.h>

/// "3.2 ms", "1.5 s": three digits. Fits 16 bytes.
const char *text_time(char *to, size_t size, double ns);

/// "960", "1.5K", "2.3M": fits 16 bytes.
const char *text_amount(char *to, size_t size, double amount);

/// What there is of a resource: bytes of `memory` and `stack`, a time for `cpu` and `disk` (ns), of anything else a number. Fits 24 bytes.
const char *text_resource(char *to, size_t size, const char *resource, double amount);

/// An average, or "-" when nothing is known.
const char *text_average_time(char *to, size_t size, struct average a);
const char *text_average_amount(char *to, size_t size, struct average a);

/// The last part of file:line.
const char *text_base(const char *at);

/// A node in one line, innermost first: "recv < receive (conn.c:126) < conn_thread (conn.c:154)".
void text_chain(FILE *to, const struct node *n);

#endif
