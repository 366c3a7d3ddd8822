// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The terminal while captop watches.
#ifndef CAPTOP_SCREEN_H
#define CAPTOP_SCREEN_H

#include "rows.h"

/// What a key asks for.
enum wish { WISH_NOTHING, WISH_QUIT, WISH_SORT, WISH_DRAW };

/// Takes the terminal. Returns 0, or 1 and has said why not.
int screen_open(void);

/// Gives it back as it was. Does nothing when it is not taken.
void screen_close(void);

/// Shows rows of `g`, or, where `g` is null, only the message (which may be null).
void screen_draw(const struct graph *g, const struct rows *rows, enum order order, const char *message);

/// Waits for a key at most `ms`.
enum wish screen_key(int ms);

#endif
