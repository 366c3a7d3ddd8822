// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What capcc does when ld.lld calls it as its error handling script.
#ifndef CAPCC_UNDEFINED_H
#define CAPCC_UNDEFINED_H

#include <stdbool.h>

/// Set for the link alone: the file in which the pass notes who calls code outside the module.
#define CALLERS_VARIABLE "CAPCC_CALLERS"

/// True if `argv` is ld.lld's call about an error of the link. Any status but 0 would be an error of its own to ld.lld.
bool undefined_asked(int argc, const char *const *argv);

/// Says on standard error where the program calls the symbol, if it is one that stubs stand before.
void undefined_tell(const char *symbol);

#endif
