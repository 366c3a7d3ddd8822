// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The functions that are worth calling in place: leaves that programs call often, and whose own work is about as short as a
// switch to the big stack (1 ns). The list is the runtime's, which has a slot for each; being on it proves nothing: each has
// to have a bound of WhitelistBytes or less.

#ifndef CAPSTACK_WHITELIST_H
#define CAPSTACK_WHITELIST_H

#include <cstdint>

namespace capstack {

/// A chunk has room for a path of MaxPath bytes (2048); a sixteenth of it may go to a leaf that is not ours.
constexpr uint64_t WhitelistBytes = 128;

constexpr const char *Whitelist[] = {
#define CAPR_LEAF(name) #name,
#include "../../rt/stack/leaf_names.h"
#undef CAPR_LEAF
};

} // namespace capstack

#endif
