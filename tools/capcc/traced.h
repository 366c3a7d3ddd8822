// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The objects that a link took, as lld's trace names them.
#ifndef CAPCC_TRACED_H
#define CAPCC_TRACED_H

#include "inputs.h"

/// Calls `visit` for each object that `trace` (lld --trace) names; `why` (lld --why-extract) tells members of one name apart. Returns what
/// the last call returned if not 0; -ENOENT with `*missing` set where the object of a name cannot be told; 0.
int traced_each_object(struct arena *arena, struct bytes trace, struct bytes why, object_visitor *visit, void *context,
                       const char **missing);

#endif
