// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Numbers the call chains that lead to blocking points. Each thread carries one word, its context; a call that leads to a blocking
// point changes it before and back after, so that at the blocking point the word says by which chain the thread came there.
//
// Over direct calls without recursion the numbering is that of precise calling-context encoding (Sumner et al., ICSE 2010): a
// function that N chains reach gives each caller an interval of its own among N, by adding the interval's start; the first caller,
// and most functions have only one, adds nothing. All blocking points together are one more function, so that the word alone tells
// two chains apart. Two kinds of call are outside of that:
// - recursion: calls inside a strongly connected component add nothing in a circle. The chain then tells where it came into the component,
//   where it left it, and no more, so that a tree walked to any depth is one chain. Mostly each of them adds nothing. But where pointers
//   reach several functions of a component, only the way inside can tell by which of them a chain came in: each of these has an offset of
//   its own, the others 0, and a call inside adds its caller's offset and takes away its callee's;
// - calls through pointers, into other modules, and those to External that may call back: the word is turned, by a multiplication with an odd
//   constant, so that what was added before and what is added after stay apart, and a number hashed from function and place goes in. What a callee reached so adds
//   starts again from its own interval 0. A call that is the last thing its function does gets code behind it, and so a frame that stays,
//   but where functions may go on for ever by such calls (a state machine): there the word is marked instead, once, however often they go
//   round, and nobody puts it back but who called the first of them, who has kept what it was.
// In a shared object there is no sink: the runtime's functions are the program's, and a call to one is one that leaves the module. So is a
// call through a pointer, which may lead anywhere.
// Calls that the source does not tell apart, copies that an unrolled loop has, are one.
// Constants depend on names, places and the graph only: the same source has the same chains from build to build.
#ifndef CAPRICCIO_CONTEXTGRAPH_H
#define CAPRICCIO_CONTEXTGRAPH_H

#include "CallGraph.h"
#include "IndirectTargets.h"
#include <string>

namespace capriccio {

struct ContextSite {
  enum Kind : uint8_t { Same, Add, Turn, Mark };
  llvm::CallBase *Call = nullptr;
  unsigned Caller = ~0u;
  unsigned Callee = ~0u;   // node; none: through a pointer, or External
  Kind How = Same;
  bool Sink = false;       // a call of the runtime that may block
  bool Tail = false;       // the caller's frame may be gone while the callee runs
  bool Inside = false;     // caller and callee are of one component: recursion
  bool Kept = false;       // the callee may leave the word marked: what it was is kept and put back
  int32_t Constant = 0;    // of Add: an immediate operand, below 0 only with Inside. Of Turn and Mark: the call's number, without a sign
};

struct ContextGraph {
  std::vector<bool> Leads;        // by node: a function of the program from which a blocking point can be reached
  std::vector<ContextSite> Sites; // of these functions, in the module's order
  uint64_t Chains = 0;            // distinct ones that end at blocking points, those through pointers not multiplied

  /// To be made after findMayBlock, from a graph with or without frames. `SharedObject`: its name, where the module is one; its calls that
  /// leave it are told apart by that from those of another that has functions of the same names.
  ContextGraph(const CallGraph &G, const IndirectTargets &Targets, llvm::StringRef SharedObject = "");

  void print(const CallGraph &G, llvm::raw_ostream &OS) const;
};

/// A name as the source has it: from debug information, else the symbol without what the linker put behind it.
std::string sourceName(const llvm::Function &F);

} // namespace capriccio

#endif
