// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// --extract-bc: objects to one file of bitcode.
#ifndef CAPCC_EXTRACT_H
#define CAPCC_EXTRACT_H

#include "plan.h"

/// Makes step->output from the bitcode of step->files, of archives that of every member. A file without any is an error, a member
/// without is named in a note. Returns 0, or the status to exit with after one line of error; then the output is as it was.
int extract_bitcode(struct arena *arena, const struct step *step, const char *scratch);

#endif
