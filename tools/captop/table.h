// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A snapshot in lines of text, for --once and for the screen.
#ifndef CAPTOP_TABLE_H
#define CAPTOP_TABLE_H

#include "rows.h"

#include <stdio.h>

/// "1.2K" of passages or switches a second, without the unit. Fits 16 bytes.
const char *table_rate(char *to, size_t size, double rate);

/// Each writes one line without its end. `width` says which columns there is room for; the line may be longer.
void table_header(FILE *to, const struct graph *g, const struct rows *rows);
void table_titles(FILE *to, const struct graph *g, int width);
void table_row(FILE *to, const struct graph *g, const struct row *row, int width);

/// The scheduler's resources and what it favours: writes nothing and returns 0 where there are none.
int table_resources(FILE *to, const struct graph *g);

#endif
