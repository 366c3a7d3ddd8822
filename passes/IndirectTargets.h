// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What an indirect call may reach. One interface, so that a points-to analysis can take the place of the signature.
#ifndef CAPRICCIO_INDIRECTTARGETS_H
#define CAPRICCIO_INDIRECTTARGETS_H

#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/IR/InstrTypes.h"
#include "llvm/IR/Module.h"
#include <memory>

namespace capriccio {

struct TargetSet {
  llvm::SmallVector<llvm::Function *, 4> Functions; // defined in this module
  bool MayBeExternal = true;
  bool StaysInside = false; // proved, whatever Functions lists: the call reaches functions of the module that check for themselves
};

struct PointsToStatistics;

class IndirectTargets {
public:
  virtual ~IndirectTargets() = default;
  /// What the points-to analysis says of itself; null: the sets are those of the signature.
  virtual const PointsToStatistics *pointsTo() const { return nullptr; }
  virtual TargetSet targets(const llvm::CallBase &Site) const = 0;
};

/// Every function whose address is taken and whose arguments fit the call. External is always possible: a pointer may come
/// from a library. Build it before the module is edited.
std::unique_ptr<IndirectTargets> targetsBySignature(const llvm::Module &M);

} // namespace capriccio

#endif
