// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The program's thread-local variables, moved from the kernel thread to the user-level thread.
#ifndef CAPRICCIO_THREADLOCALS_H
#define CAPRICCIO_THREADLOCALS_H

#include "llvm/IR/Module.h"

namespace capriccio {

struct ThreadLocals {
  unsigned Variables = 0;
  uint64_t Bytes = 0; // of one thread's block

  /// `Shared`: for a shared object, whose block is asked for by a call.
  /// Rewrites every access; the variables themselves disappear. Ends the link if code outside the module shares one.
  ThreadLocals(llvm::Module &M, bool Shared);
};

} // namespace capriccio

#endif
