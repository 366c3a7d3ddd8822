// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The last step of a partial link.
#ifndef CAPCC_MERGE_H
#define CAPCC_MERGE_H

#include "plan.h"

/// Makes step->output from the machine code in step->machine and the bitcode of every file that the linker's trace in
/// step->input names. If one of these has no bitcode the output has none. Returns 0, or the status to exit with after
/// one line of error; then the output is as it was.
int merge_relocatable(struct arena *arena, const struct step *step, const char *scratch, bool verbose);

#endif
