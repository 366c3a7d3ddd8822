/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * What a shared object brings along of the runtime: its record, and the routines that need no runtime in the program.
 */
#ifndef CAPR_SHARED_H
#define CAPR_SHARED_H

#include "../proc/message.h"
#include "../stack/module.h"

/* This shared object's record. */
extern CAPR_HIDDEN struct capr_module capr__module;

#endif
