// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the finished ELF file says of itself: the note that proves that the pass ran, and the constants that the runtime reads.
#ifndef CAPRICCIO_NOTE_H
#define CAPRICCIO_NOTE_H

#include "CallGraph.h"
#include "Options.h"

namespace capriccio {

void emitNote(llvm::Module &M, const CallGraph &G, const Options &O);
void emitRuntimeConstants(llvm::Module &M, const Externals &X, const Options &O);

} // namespace capriccio

#endif
