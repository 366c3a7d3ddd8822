// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The linker finds out what is undefined after the pass, when the only one left to name an external function is its stub. Who called it
// is noted here, in the order of the module, for the driver to say (tools/capcc/undefined.c). Losing the list costs a line of an error
// message, so that no failure to write it ends a link.
#include "Callers.h"
#include "Diagnostics.h"
#include "Stubs.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;

namespace capriccio {

/// As many references as lld shows.
static constexpr unsigned MostCalls = 3;

void writeCallers(const CallGraph &G, const Options &O) {
  if (O.CallersFile.empty())
    return;
  std::error_code Error;
  raw_fd_ostream OS(O.CallersFile, Error);
  if (Error)
    return;
  StringMap<unsigned> Said;
  for (const Node &N : G.Nodes)
    for (const CallEdge &E : N.Edges) {
      const Function *Stub = E.Site ? E.Site->getCalledFunction() : nullptr;
      const Function *Behind = Stub ? borrowedBy(*Stub) : nullptr;
      if (Stub && !Behind)
        Behind = otherModuleBehind(*Stub);
      if (Behind && Said[Behind->getName()]++ < MostCalls)
        OS << Behind->getName() << '\t' << locate(*E.Site) << '\n';
    }
  OS.close();
  OS.clear_error();
}

} // namespace capriccio
