// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Names that the module declares and that mean its own objects all the same, since the linker or the assembler gives them one: the
// bounds of a section whose name is an identifier (__start_NAME, __stop_NAME), aliases made by module-level assembly, by --defsym
// and by linker scripts. Of the latter three only the names are read: any that is given there may be any that is mentioned there.
#ifndef CAPRICCIO_POINTSTO_LINKEDNAMES_H
#define CAPRICCIO_POINTSTO_LINKEDNAMES_H

#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/IR/Module.h"
#include <vector>

namespace capriccio::pointsto {

class LinkedNames {
  using Objects = std::vector<const llvm::GlobalObject *>;
  llvm::StringSet<> Mentioned;
  llvm::StringMap<Objects> Sections; // by the names of their bounds
  Objects Nameable;                  // defined here, and mentioned

  void read(llvm::StringRef Text);

public:
  explicit LinkedNames(const llvm::Module &M);

  /// True if assembly or the linker's own language mentions `Name`.
  bool mentions(llvm::StringRef Name) const { return Mentioned.contains(Name); }

  /// What `Declared`, which the module does not define, may be besides something outside: the address of any of these, or one in it.
  llvm::ArrayRef<const llvm::GlobalObject *> behind(const llvm::GlobalValue &Declared) const;
};

} // namespace capriccio::pointsto

#endif
