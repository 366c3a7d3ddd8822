// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Carrying out a plan.
#ifndef CAPCC_EXECUTE_H
#define CAPCC_EXECUTE_H

#include "plan.h"

/// Does the steps in order until one fails; returns the status to exit with. With -### the steps of more than one
/// command are printed and not done. `scratch` is the directory that the plan was made with, or null if it needs none.
int execute_plan(struct arena *arena, const struct line *line, const struct plan *plan, const char *scratch);

#endif
