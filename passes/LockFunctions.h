// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What calls of libc's functions, here the runtime's, do to locks, and which of them wait. By name and not by what the runtime's code
// leads to: there nearly everything may give way (to lock a stream, say), and what a programmer would not call waiting is not to be
// warned about.
#ifndef CAPRICCIO_LOCKFUNCTIONS_H
#define CAPRICCIO_LOCKFUNCTIONS_H

#include "llvm/IR/InstrTypes.h"
#include "llvm/IR/Module.h"
#include <cstdint>

namespace capriccio {

/// Locks of different kinds are different locks. A read lock is held, too, but others read on meanwhile: it is followed and not spoken of.
enum class LockKind : uint8_t { Mutex, ReadWrite, Spin };

/// How a warning names one.
const char *lockName(LockKind Kind);

struct LockEffect {
  enum Kind : uint8_t {
    None,
    Acquire,
    Try,     // acquires if the result is 0
    Release, // also what ends or restarts a lock's life
    Wait,    // releases, and acquires again before it returns
  } Does = None;
  LockKind Of = LockKind::Mutex;
  bool Shared = false; // a read lock
  unsigned Operand = 0;
};

LockEffect lockEffect(llvm::StringRef Function);

/// For what a function may wait. Waiting for a lock is none of these.
enum class WaitClass : uint8_t {
  None,
  Any,    // others, time, a disk
  Stream, // the output of a stream: into its buffer, most of the time
};

/// What the function may wait for in this call of it: None also where constant arguments say that it does not wait.
WaitClass waitClass(llvm::StringRef Function, const llvm::CallBase &Site);

/// Whether the runtime's function calls functions that it was given.
bool callsBack(llvm::StringRef RuntimeFunction);

} // namespace capriccio

#endif
