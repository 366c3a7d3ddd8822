// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Marks in the call graph what a profile says of it, for Placement: which calls no thread has gone deep enough to make, and
// which checks linked a chunk each time that the one before had. It proves nothing and need not: placement may put checks where it likes.
#ifndef CAPRICCIO_PROFILEUSE_H
#define CAPRICCIO_PROFILEUSE_H

#include "../tools/profile/Profile.h"
#include "CallGraph.h"
#include "IndirectTargets.h"

namespace capriccio {

/// Sets each edge's Cold and Merged and each node's Hot. Sites of functions that the module has not are left out and counted: one
/// warning that names `File` says how many.
void useProfile(CallGraph &G, const IndirectTargets &Targets, const Profile &P, llvm::StringRef File);

} // namespace capriccio

#endif
