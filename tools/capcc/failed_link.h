// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What is left to do when lld could not link.
#ifndef CAPCC_FAILED_LINK_H
#define CAPCC_FAILED_LINK_H

#include "arena.h"

#include <time.h>

/// A link to `output`, not before `began`, has failed: removes the temporary file where lld has left it, and says in one line so if its disk
/// is full. Null: no output is known.
void after_failed_link(struct arena *arena, const char *output, time_t began);

#endif
