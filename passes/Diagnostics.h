// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How the pass ends a link. It never warns and goes on where soundness is lost: it either chose the conservative switch
// (and says so in the report) or calls fail().
#ifndef CAPRICCIO_DIAGNOSTICS_H
#define CAPRICCIO_DIAGNOSTICS_H

#include "llvm/ADT/Twine.h"
#include "llvm/IR/Instruction.h"

namespace capriccio {

/// Prints `capcc: error: MESSAGE` and ends the process with status 1 without writing an output file.
[[noreturn]] void fail(const llvm::Twine &Message);

/// The same, naming the source line (or the function) of `I` first.
[[noreturn]] void failAt(const llvm::Instruction &I,
                         const llvm::Twine &Message);

/// `file:line` of an instruction where debug information has it, else the function's name.
std::string locate(const llvm::Instruction &I);

} // namespace capriccio

#endif
