// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the driver asks of the pass. Options reach the plugin by environment variables (docs/abi.md), because lld parses
// -mllvm before a plugin's options exist. All of them are read and checked in Options.cpp and nowhere else.
#ifndef CAPRICCIO_OPTIONS_H
#define CAPRICCIO_OPTIONS_H

#include "llvm/ADT/StringRef.h"
#include "llvm/ADT/StringSet.h"
#include <cstdint>
#include <string>

namespace capriccio {

enum class Severity : uint8_t { Off, Warning, Error };

struct Options {
  uint64_t MaxPath = 2048;     // bytes: longest path without a checkpoint that Placement aims at
  uint64_t MinChunk = 512;     // bytes: smallest chunk that the runtime links
  uint64_t EntryInPlace = 64;  // bytes: an entry stub whose body needs no more carries no check
  bool TwoStacks = true;       // functions that never block run on the big stack where they do not fit
  bool Shared = false;         // the output is a shared object; its runtime is in the program that loads it
  bool PointsTo = false;       // indirect calls by points-to analysis; else by signature
  bool StrictCalls = false;    // a function that was given outside comes back to calls of its own type only
  uint64_t InlineLimit = 256;  // bytes: callees with more locals stay out of line where it matters; 0: no limit
  bool Contexts = true;        // threads carry the call chain that they are in
  bool Preempt = true;         // a turn may end at any instruction of the program's own code
  bool Spin = true;            // loops that wait for other threads give way
  bool CheckICalls = false;    // look each indirect call's target up in its set at run time
  std::string CheckWithout;    // for tests of that: a function that is left out of every set
  Severity BlockingInSection = Severity::Off; // calls that wait while a lock is held
  Severity StreamInSection = Severity::Off;   // the same of output of streams
  std::string ReportFile;      // JSON report, empty: none
  std::string CallersFile;     // who calls code outside the module, empty: none
  std::string ProfileFile;     // of a run, empty: none
  std::string BoundsFile;      // stack bounds of external functions, empty: none
  llvm::StringSet<> Replaced;  // for a shared object: the functions of libc that a program's runtime replaces
  bool PrintFrames = false;    // print each step's result to standard error
  bool PrintGraph = false;
  bool PrintPlacement = false;
  bool PrintBlocking = false;
  bool PrintContexts = false;
};

/// Reads the environment; a value out of range ends the link with one line.
Options readOptions();

} // namespace capriccio

#endif
