// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What ContextGraph decided, as code and as tables: changes of the context word round calls, and what the runtime decodes words with.
#ifndef CAPRICCIO_CONTEXTCODE_H
#define CAPRICCIO_CONTEXTCODE_H

#include "ContextGraph.h"

namespace capriccio {

/// Before frames are measured. A function that calls setjmp brings its own word back there, whatever the jump left behind.
void applyContexts(llvm::Module &M, const CallGraph &G, const ContextGraph &C);

/// After the last decision: functions are named in the tables, which would look like addresses that are taken.
void emitContextTables(llvm::Module &M, const CallGraph &G, const ContextGraph &C);

} // namespace capriccio

#endif
