// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which calls may end in another module that capcc linked: from a program in a shared object, from a shared object in the
// program or in another shared object. Such a callee is an entry stub, which may run on a small stack, but only when it is
// the one that the call meets at run time: a library can be replaced, preloaded, built anew by another compiler. So the
// answer decides no more than whether the call asks (__capr_icall) or borrows at once.
#ifndef CAPRICCIO_OTHERMODULES_H
#define CAPRICCIO_OTHERMODULES_H

#include "Options.h"
#include "llvm/IR/Function.h"

namespace capriccio {

class OtherModules {
public:
  /// Reads the shared objects on the linker's command line: notes of ours, dynamic symbols of the others.
  explicit OtherModules(const Options &O);

  /// True if a call to `Name`, a function or an alias of one, may reach a function that capcc compiled, outside of this module. An
  /// alias is asked about as itself: its visibility is its own, and whoever replaces what it stands for does not replace it.
  bool mayReach(const llvm::GlobalValue &Name) const;

private:
  bool isPreemptible(const llvm::GlobalValue &Name) const;
  void readObject(llvm::StringRef Path, unsigned Depth);

  const Options &O;
  bool Symbolic;
  llvm::StringSet<> Ours, Plain;
};

} // namespace capriccio

#endif
