// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reads /proc/self/cmdline, response files included. lld's own rule: code generation runs at level 2 unless LTO runs at
// level 3 (getCGOptLevel), -pie and -shared make it position independent, the last of two opposites wins. Under opt (the
// lit tests) none of the options is there and the defaults hold.
#include "LinkerOptions.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Allocator.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/StringSaver.h"

using namespace llvm;

namespace capriccio {

static LinkerOptions read() {
  LinkerOptions O;
  auto Buffer = MemoryBuffer::getFileAsStream("/proc/self/cmdline");
  if (!Buffer)
    return O;
  BumpPtrAllocator Alloc;
  StringSaver Saver(Alloc);
  SmallVector<StringRef, 0> Words;
  (*Buffer)->getBuffer().split(Words, '\0', -1, /*KeepEmpty=*/false);
  SmallVector<const char *, 0> Args;
  for (StringRef Word : Words)
    Args.push_back(Saver.save(Word).data());
  cl::ExpandResponseFiles(Saver, cl::TokenizeGNUCommandLine, Args);

  auto SetLevel = [&](StringRef Text) {
    O.CodeGenLevel = Text == "3" ? CodeGenOptLevel::Aggressive
                                 : CodeGenOptLevel::Default;
  };
  for (const char *Arg : Args) {
    StringRef A(Arg);
    if (A == "-pie" || A == "--pie" || A == "-shared" || A == "--shared")
      O.PositionIndependent = true;
    else if (A == "-no-pie" || A == "--no-pie")
      O.PositionIndependent = false;
    else if (A.consume_front("-plugin-opt=O") || A.consume_front("--lto-O") ||
             A.consume_front("--lto-CGO") || A.consume_front("--plugin-opt=O"))
      SetLevel(A);
    else if (A.consume_front("-plugin-opt=mcpu=") ||
             A.consume_front("--plugin-opt=mcpu="))
      O.Cpu = A.str();
  }
  return O;
}

const LinkerOptions &linkerOptions() {
  static const LinkerOptions Options = read();
  return Options;
}

} // namespace capriccio
