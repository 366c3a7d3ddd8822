// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which locks are certainly held where: on every path that leads to a point there is a call that takes the lock, and none behind it that
// might give it back. Functions are summed up callees first, so that helpers which lock or unlock count like the calls in them. A
// wrong answer to "may this be given back" could only invent a warning, so whatever is not known to leave a lock alone gives it back.
#ifndef CAPRICCIO_LOCKFLOW_H
#define CAPRICCIO_LOCKFLOW_H

#include "LockPaths.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/StringSet.h"

namespace capriccio {

struct HeldLock {
  LockPath Path;
  bool Shared = false;                    // a read lock
  const llvm::CallBase *Site = nullptr;   // the call that took it, in the function in question
  const llvm::CallBase *Origin = nullptr; // the call of libc's in that
  const llvm::CallBase *If = nullptr;     // held only where this call's result is 0
  bool IfNotZero = false;                 // or rather where it is not

  bool operator==(const HeldLock &Other) const {
    return Path == Other.Path && (Path.isKnown() || Site == Other.Site) && If == Other.If && IfNotZero == Other.IfNotZero;
  }
};
using HeldLocks = llvm::SmallVector<HeldLock, 2>;
using LockPaths = llvm::SmallVector<LockPath, 2>;

/// What a call of a function does to its caller's locks.
struct LockSummary {
  HeldLocks Takes;     // holds when it returns; with If where it returns 0, or not 0
  LockPaths GivesBack; // may give back
  LockPaths Suspends;  // may give back while it waits, to take it again
  bool GivesBackAll = false; // nothing is known of it
  bool Returns = false;

  bool operator==(const LockSummary &Other) const {
    return Takes == Other.Takes && GivesBack == Other.GivesBack && Suspends == Other.Suspends && GivesBackAll == Other.GivesBackAll && Returns == Other.Returns;
  }
};

class LockFlow {
public:
  /// `Runtime` are the names of the runtime's functions, which the module only declares: what the table does not say of them is nothing.
  LockFlow(llvm::Module &M, const llvm::StringSet<> &Runtime);

  /// For each call in `F` before which a lock is held: those that stay held during the call, if any.
  void eachCall(const llvm::Function &F, llvm::function_ref<void(const llvm::CallBase &, const HeldLocks &)> Do);

private:
  const llvm::StringSet<> &Runtime;
  LockAliases Aliases;
  llvm::DenseMap<const llvm::Function *, LockSummary> Summaries;
  LockSummary Callbacks; // what any function does whose address is known
  LockSummary NotYet, Unknown;
  llvm::DenseSet<const llvm::Function *> Widened; // functions that would give back others in each round

  friend class FunctionFlow;
  const LockSummary &of(const llvm::Function &F) const;
  bool summarize(llvm::Module &M); // true: something has changed
  bool sumUpCallbacks(const llvm::Module &M);
};

} // namespace capriccio

#endif
