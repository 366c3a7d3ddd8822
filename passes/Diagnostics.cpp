// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One line, then the end. _Exit and not exit: lld's own handlers would run in the middle of a link, and nothing of an
// output file has been written while a module pass runs.
#include "Diagnostics.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/IR/DebugInfoMetadata.h"
#include "llvm/IR/Function.h"
#include "llvm/Support/raw_ostream.h"
#include <cstdlib>

using namespace llvm;

namespace capriccio {

void fail(const Twine &Message) {
  errs() << "capcc: error: " << Message << '\n';
  errs().flush();
  std::_Exit(1);
}

std::string locate(const Instruction &I) {
  if (const DebugLoc &Loc = I.getDebugLoc())
    return (Loc->getFilename() + ":" + Twine(Loc.getLine())).str();
  const Function &F = *I.getFunction();
  StringRef Name = F.getName();
  // Of two local functions with one name, merging the modules gave the second a number.
  if (auto [Source, Number] = Name.rsplit('.'); F.hasLocalLinkage() && !Source.empty() && all_of(Number, isDigit))
    Name = Source;
  return ("function " + Name).str();
}

void failAt(const Instruction &I, const Twine &Message) {
  fail(Twine(locate(I)) + ": " + Message);
}

} // namespace capriccio
