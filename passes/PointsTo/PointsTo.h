// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Targets of indirect calls by points-to analysis: inclusion-based, whole-program, sensitive to fields by byte offset and to
// the callers of allocation wrappers. docs/points-to.md says what it assumes and how well it does.
#ifndef CAPRICCIO_POINTSTO_POINTSTO_H
#define CAPRICCIO_POINTSTO_POINTSTO_H

#include "../IndirectTargets.h"
#include "../Options.h"
#include <string>

namespace capriccio {

struct PointsToStatistics {
  uint64_t Sites = 0;         // indirect calls of defined functions
  uint64_t Resolved = 0;      // of these, reached and certain not to leave the module
  uint64_t External = 0;      // may also call code outside of it
  uint64_t Dead = 0;          // in functions that nothing can call
  uint64_t NoTarget = 0;      // reached, but the pointer is null or uninitialised whenever it is
  double AverageSet = 0;      // functions of the module, over sites that have any
  uint64_t LargestSet = 0;
  double SignatureAverage = 0; // the same by signature alone, over the same sites
  uint64_t SignatureLargest = 0;
  double Seconds = 0;
  uint64_t PeakBytes = 0;     // of the analysis's own structures
  uint64_t Nodes = 0, Edges = 0, Objects = 0, Cells = 0, Instances = 0, Clones = 0, Merges = 0, Rounds = 0, Steps = 0;
  uint64_t Uncloned = 0;      // calls of wrappers that share an instance since the limit on clones was hit
  uint64_t Widened = 0;       // objects that count as outside of the module since too much met in one pointer
  std::string GaveUp;         // not empty: a limit was hit; every site has its signature's set and External
};

/// What is known of one site beyond its set.
enum class SiteKind : uint8_t { Unknown, Resolved, External, NoTarget, Dead };

class PointsToTargets : public IndirectTargets {
public:
  virtual SiteKind kind(const llvm::CallBase &Site) const = 0;
  virtual const PointsToStatistics &statistics() const = 0;
};

/// Analyses the merged module, before it is edited. Sites are remembered by instruction, and follow replaceAllUsesWith; a site
/// that was not in the module then gets its signature's set. Does not change the module.
std::unique_ptr<PointsToTargets> targetsByPointsTo(const llvm::Module &M, const Options &O);

} // namespace capriccio

#endif
