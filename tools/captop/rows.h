// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What changed between two snapshots of one program, and in which order it is shown.
#ifndef CAPTOP_ROWS_H
#define CAPTOP_ROWS_H

#include "model.h"

enum order { BY_THREADS, BY_RATE, BY_WAIT, BY_DELAY, BY_STACK, ORDERS };

/// For people: "threads", "count/s", ...
extern const char *const order_names[ORDERS];

/// A snapshot with the text that it was read from.
struct snapshot {
    char *text;
    size_t length;
    struct graph graph;
    double taken; ///< seconds of our clock, for programs that do not tell the time
};

struct row {
    const struct node *node; ///< of the later snapshot
    double rate;             ///< passages a second
};

struct rows {
    struct row *list;
    int count;
    double switches; ///< a second
};

void snapshot_free(struct snapshot *s);

/// Rows of `now`, with rates since `before` (which may hold no graph yet: rates are 0 then). The two ends are left out
/// where nobody is. Returns 0, or 1 when memory is out. rows_free is due.
int rows_make(struct rows *rows, const struct snapshot *before, const struct snapshot *now, enum order order);

void rows_free(struct rows *rows);

#endif
