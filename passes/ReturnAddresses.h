// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which call a return address is of: the runtime meets the addresses on a stack, and the table of calls names no addresses.
#ifndef CAPRICCIO_RETURNADDRESSES_H
#define CAPRICCIO_RETURNADDRESSES_H

#include "ContextGraph.h"

namespace capriccio {

/// The code generation that follows writes the return address of each call of the table, and the call's number there, into a section of the object.
/// To be called last: each of these calls gets a location of its own, by which it is known again, and one without any loses the lack of it.
void noteReturnAddresses(llvm::Module &M, const ContextGraph &C);

} // namespace capriccio

#endif
