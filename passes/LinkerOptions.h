// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What lld was told about code generation. A pass is not handed the target machine that lld will use, so the few settings
// that change frames are read from the process's own command line.
#ifndef CAPRICCIO_LINKEROPTIONS_H
#define CAPRICCIO_LINKEROPTIONS_H

#include "llvm/Support/CodeGen.h"
#include <string>

namespace capriccio {

struct LinkerOptions {
  bool PositionIndependent = false;
  llvm::CodeGenOptLevel CodeGenLevel = llvm::CodeGenOptLevel::Default;
  std::string Cpu;
};

const LinkerOptions &linkerOptions();

} // namespace capriccio

#endif
