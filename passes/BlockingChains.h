// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a thread holds while it waits: for each place where the program calls a function of the runtime that may block, the bytes of
// the frames above it. For reports; Placement does not look at it.
#ifndef CAPRICCIO_BLOCKINGCHAINS_H
#define CAPRICCIO_BLOCKINGCHAINS_H

#include "CallGraph.h"
#include "IndirectTargets.h"
#include <string>

namespace capriccio {

struct BlockingPoint {
  const CallEdge *Call = nullptr;
  std::vector<unsigned> Chain;  // nodes, from the function where it starts to the one that makes the call
  uint64_t Bytes = 0;           // frames and return addresses of the chain, the call's own return address included
  uint64_t RuntimeBytes = 0;    // below it, until the runtime switches to another thread
};

struct BlockingChains {
  std::vector<bool> Runtime;         // by node: the runtime's own
  std::vector<bool> Blocks;          // by node: may block
  std::vector<BlockingPoint> Points; // largest first

  /// To be made after findMayBlock and before placement. A chain starts at a function whose address is seen (the start of a thread,
  /// main, a callback) and follows direct calls; with `ThroughPointers` also indirect ones to every target. Of the chains that
  /// reach a function the deepest counts; a call that closes a cycle is not followed.
  BlockingChains(const CallGraph &G, const IndirectTargets &Targets, bool ThroughPointers);

  /// One line each.
  void print(const CallGraph &G, llvm::raw_ostream &OS) const;

  uint64_t largest() const { return Points.empty() ? 0 : Points.front().Bytes + Points.front().RuntimeBytes; }
  uint64_t sum() const;
};

} // namespace capriccio

#endif
