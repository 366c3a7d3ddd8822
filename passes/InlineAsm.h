// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Inline assembly as far as the stack is concerned: none of its bytes are in the frame that code generation reports.
#ifndef CAPRICCIO_INLINEASM_H
#define CAPRICCIO_INLINEASM_H

#include "llvm/ADT/StringMap.h"
#include "llvm/IR/InstrTypes.h"
#include <cstdint>
#include <string>

namespace capriccio {

class InlineAsmReader {
  llvm::StringMap<std::string> Macros; // bodies, by name; of two of one name both
  void findMacros(llvm::StringRef Text);

public:
  /// Reads the macros that assembly anywhere in the module defines.
  explicit InlineAsmReader(const llvm::Module &M);
  /// Bytes below rsp that the assembly pushes, or names, at most. Ends the link, naming the source line, if it calls, or moves rsp in a
  /// way that is not a fixed number of pushes and pops.
  uint64_t bytes(const llvm::CallBase &Site) const;
};

} // namespace capriccio

#endif
