// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Addresses of what belongs to the kernel thread, which no function may keep across a call: the worker's record, and errno.
#ifndef CAPRICCIO_WORKERADDRESSES_H
#define CAPRICCIO_WORKERADDRESSES_H

#include "llvm/IR/Module.h"

namespace capriccio {

/// Has every use of the worker's address and of errno's work it out anew, right where it is used.
void refreshWorkerAddresses(llvm::Module &M);

} // namespace capriccio

#endif
