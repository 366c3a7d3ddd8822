// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the finished ELF file says of itself: the note that proves that the pass ran, and the constants that the runtime reads.
#ifndef CAPRICCIO_NOTE_H
#define CAPRICCIO_NOTE_H

#include "CallGraph.h"
#include "Options.h"

namespace capriccio {

void emitNote(llvm::Module &M, const CallGraph &G, const Options &O);
/// For a shared object: a second note, a 32-bit word and a name for each function that it exports. The word is the bytes that
/// the function needs below its return address.
void emitExports(llvm::Module &M, const CallGraph &G);

void emitRuntimeConstants(llvm::Module &M, const Externals &X, const Options &O);

} // namespace capriccio

#endif
