// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which lock a pointer means, as a path: a value that the function has, and how to come from it to the lock by offsets and reads of
// memory (`&c->cache->lock` is c, 8, read, 16). Two equal paths are taken for the same lock, though memory might have been changed
// between two reads of it: code that locks and unlocks by such a path counts on that itself. Two paths that differ may be one lock, unless
// something proves that they are not.
#ifndef CAPRICCIO_LOCKPATHS_H
#define CAPRICCIO_LOCKPATHS_H

#include "LockFunctions.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/SmallVector.h"
#include <string>

namespace capriccio {

struct LockPath {
  LockKind Kind = LockKind::Mutex;
  const llvm::Value *Base = nullptr;     // global, argument, or what the function computes; null: some lock, nobody knows which
  llvm::SmallVector<int64_t, 3> Offsets; // bytes; a read of memory between each two

  bool operator==(const LockPath &Other) const { return Kind == Other.Kind && Base == Other.Base && Offsets == Other.Offsets; }
  bool isKnown() const { return Base; }
  bool reads() const { return Offsets.size() > 1; }
};

/// Reads of memory that a path follows at most: `a->b->c->d->e.lock`. A longer one starts at what the last was read from.
constexpr unsigned MostReads = 4;

LockPath lockPath(LockKind Kind, const llvm::Value *Pointer, const llvm::DataLayout &DL, unsigned Reads = MostReads);

/// A path of the function that is called, seen from this call of it: of no known lock if it starts at what only that function has.
LockPath seenFrom(const llvm::CallBase &Site, const LockPath &Inside);

/// Tells locks apart.
class LockAliases {
  /// Where the address of a global variable gets to, beside accesses and calls of functions on locks.
  enum class Spread : uint8_t { Nowhere, Arguments, Anywhere };
  llvm::DenseMap<const llvm::Value *, Spread> Known;

  Spread spread(const llvm::Value &Address, unsigned Depth);
  bool isReachedByName(const LockPath &P, bool ByArguments);

public:
  /// False only where the two are certainly different locks.
  bool mayBeSame(const LockPath &A, const LockPath &B);
};

/// As the source would write it, without `&`: `cache_lock`, `c->cache->lock`, if there is debug information; else at most the name of a
/// global variable, or nothing.
std::string describe(const LockPath &Path, const llvm::Function &In);

} // namespace capriccio

#endif
