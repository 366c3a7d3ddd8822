// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What lld was told about code generation, and which shared objects it links. A pass is not handed the target machine that
// lld will use, nor its inputs, so both are read from the process's own command line.
#ifndef CAPRICCIO_LINKEROPTIONS_H
#define CAPRICCIO_LINKEROPTIONS_H

#include "llvm/Support/CodeGen.h"
#include <string>
#include <vector>

namespace capriccio {

struct LinkerOptions {
  bool PositionIndependent = false;
  llvm::CodeGenOptLevel CodeGenLevel = llvm::CodeGenOptLevel::Default;
  std::string Cpu;
  bool Symbolic = false; // -Bsymbolic, -Bsymbolic-functions: a shared object's calls to its own functions stay inside
  bool Partitioned = false; // --lto-partitions of more than one
  bool InterproceduralRegisters = false; // -mllvm -enable-ipra
  bool Outlined = false; // -mllvm -enable-machine-outliner
  bool BlockSections = false; // --lto-basic-block-sections of all, or of a list
  std::vector<std::string> Wrapped; // of --wrap
  std::vector<std::string> Assignments; // NAME=EXPRESSION of --defsym, texts of linker scripts (-T)
  std::string Name; // of a shared object: its soname, or else the output's file name
  std::vector<std::string> SharedObjects; // those that the line names or finds by -l, linker scripts among them
};

const LinkerOptions &linkerOptions();

} // namespace capriccio

#endif
