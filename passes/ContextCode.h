// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What ContextGraph decided, as code and as tables: changes of the context word round calls, and what the runtime decodes words with.
#ifndef CAPRICCIO_CONTEXTCODE_H
#define CAPRICCIO_CONTEXTCODE_H

#include "ContextGraph.h"

namespace capriccio {

/// Before frames are measured. A function that calls setjmp brings its own word back there, whatever the jump left behind.
void applyContexts(llvm::Module &M, const CallGraph &G, const ContextGraph &C, bool Shared);

/// Functions of the module that a thread may start with: those that pointers lead to and that take a pointer or nothing. What such a pointer
/// has for an address is known only once entry stubs are there; in a shared object, for what it exports, not before it is loaded, and the
/// runtime has the name of that from its symbols.
class ThreadRoutines {
  std::vector<const llvm::Function *> Functions;
  std::vector<llvm::Constant *> Addresses;
  llvm::GlobalVariable *Holder = nullptr;

public:
  /// After the last decision, before entry stubs are made: a use of each address, which is changed as the program's own are.
  ThreadRoutines(llvm::Module &M, const CallGraph &G, bool Shared);

  /// Afterwards.
  void settle();

  const std::vector<const llvm::Function *> &functions() const { return Functions; }
  llvm::Constant *address(size_t I) const { return Addresses[I]; }
};

/// After the last decision: functions are named in the tables, which would look like addresses that are taken.
void emitContextTables(llvm::Module &M, const CallGraph &G, const ContextGraph &C, const ThreadRoutines &Routines);

} // namespace capriccio

#endif
