// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a profile says of a call graph, for Placement: which calls no thread has gone deep enough to make, and which checks had better ask
// at once for what was linked further on each time. It proves nothing and need not: checks may be anywhere, and ask for more than they must.
#ifndef CAPRICCIO_PROFILEUSE_H
#define CAPRICCIO_PROFILEUSE_H

#include "../tools/profile/Profile.h"
#include "CallGraph.h"
#include "IndirectTargets.h"

namespace capriccio {

class ProfileUse {
public:
  /// Where a site is in the graph: nodes, or ~0u.
  struct Place {
    unsigned Caller = ~0u, Callee = ~0u;
  };

  /// Finds the functions. Sites of those that the module has not are left out and counted: one warning that names `File` says how many.
  ProfileUse(const CallGraph &G, const Profile &P, llvm::StringRef File);

  /// Before Placement: sets each edge's Cold.
  void markCold(CallGraph &G, const IndirectTargets &Targets) const;

  /// After it: sets the Ask of functions that chunks are linked for.
  void raiseRequests(CallGraph &G, uint64_t MaxPath) const;

private:
  const Profile &P;
  std::vector<Place> Places; // of each site
};

} // namespace capriccio

#endif
