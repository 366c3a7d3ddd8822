// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reads CAPCC_* variables into Options. Ranges are those that capcc's flags document; they are checked here again, since
// the plugin can also be loaded by hand (opt -load-pass-plugin).
#include "Options.h"
#include "Diagnostics.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/MemoryBuffer.h"
#include <cstdlib>

using namespace llvm;

namespace capriccio {

static StringRef env(const char *Name) {
  const char *Value = std::getenv(Name);
  return Value ? StringRef(Value) : StringRef();
}

static void readBytes(const char *Name, uint64_t &Out, uint64_t Low,
                      uint64_t High) {
  StringRef Text = env(Name);
  if (Text.empty())
    return;
  uint64_t Value;
  if (Text.getAsInteger(10, Value) || Value < Low || Value > High)
    fail(Twine(Name) + "=" + Text + ": not a number of bytes from " +
         Twine(Low) + " to " + Twine(High));
  Out = Value;
}

/// The names in a dynamic list, which says nothing else.
static void readDynamicList(StringRef File, StringSet<> &Names) {
  auto Buffer = MemoryBuffer::getFile(File, /*IsText=*/true);
  if (!Buffer)
    fail("CAPCC_SHARED=" + File + ": " + Buffer.getError().message() + "; install capcc whole");
  SmallVector<StringRef, 0> Words;
  SplitString((*Buffer)->getBuffer(), Words, "{};\n\t ");
  Names.insert(Words.begin(), Words.end());
}

Options readOptions() {
  Options O;
  readBytes("CAPCC_MAX_PATH", O.MaxPath, 256, 1 << 20);
  readBytes("CAPCC_MIN_CHUNK", O.MinChunk, 256, 1 << 20);
  if (env("CAPCC_INLINE_LIMIT") == "off")
    O.InlineLimit = 0;
  else
    readBytes("CAPCC_INLINE_LIMIT", O.InlineLimit, 64, 1 << 20);
  if (StringRef Stacks = env("CAPCC_STACKS"); !Stacks.empty()) {
    if (Stacks != "linked" && Stacks != "two")
      fail("CAPCC_STACKS=" + Stacks + ": neither linked nor two");
    O.TwoStacks = Stacks == "two";
  }
  if (StringRef Spin = env("CAPCC_SPIN"); !Spin.empty()) {
    if (Spin != "on" && Spin != "off")
      fail("CAPCC_SPIN=" + Spin + ": neither on nor off");
    O.Spin = Spin == "on";
  }
  if (StringRef Preempt = env("CAPCC_PREEMPT"); !Preempt.empty()) {
    if (Preempt != "on" && Preempt != "off")
      fail("CAPCC_PREEMPT=" + Preempt + ": neither on nor off");
    O.Preempt = Preempt == "on";
  }
  if (StringRef Calls = env("CAPCC_ICALLS"); !Calls.empty()) {
    if (Calls != "signature" && Calls != "pointsto" && Calls != "pointsto-strict")
      fail("CAPCC_ICALLS=" + Calls + ": none of signature, pointsto, pointsto-strict");
    O.PointsTo = Calls != "signature";
    O.StrictCalls = Calls == "pointsto-strict";
  }
  if (StringRef List = env("CAPCC_SHARED"); !List.empty()) {
    O.Shared = true;
    readDynamicList(List, O.Replaced);
  }
  if (StringRef Check = env("CAPCC_CHECK_ICALLS"); !Check.empty()) {
    if (Check.consume_front("without:"))
      O.CheckWithout = Check.str();
    else if (Check != "1")
      fail("CAPCC_CHECK_ICALLS=" + Check + ": neither 1 nor without:FUNCTION");
    O.CheckICalls = true;
  }
  if (StringRef Graph = env("CAPCC_GRAPH"); !Graph.empty()) {
    if (Graph != "on" && Graph != "off")
      fail("CAPCC_GRAPH=" + Graph + ": neither on nor off");
    O.Contexts = Graph == "on";
  }
  SmallVector<StringRef, 2> Warnings;
  env("CAPCC_WARN").split(Warnings, ',', -1, /*KeepEmpty=*/false);
  for (StringRef Warning : Warnings) {
    StringRef Name = Warning;
    Severity How = Name.consume_back("=error") ? Severity::Error : Severity::Warning;
    if (Name == "blocking-in-critical-section")
      O.BlockingInSection = How;
    else if (Name == "stdio-in-critical-section")
      O.StreamInSection = How;
    else
      fail(Twine("CAPCC_WARN=") + Warning + ": no such warning; they are blocking-in-critical-section, stdio-in-critical-section");
  }
  O.ReportFile = env("CAPCC_REPORT").str();
  O.CallersFile = env("CAPCC_CALLERS").str();
  O.ProfileFile = env("CAPCC_PROFILE").str();
  O.BoundsFile = env("CAPCC_BOUNDS").str();
  SmallVector<StringRef, 4> Steps;
  env("CAPCC_PRINT").split(Steps, ',', -1, /*KeepEmpty=*/false);
  for (StringRef Step : Steps) {
    if (Step == "frames")
      O.PrintFrames = true;
    else if (Step == "graph")
      O.PrintGraph = true;
    else if (Step == "placement")
      O.PrintPlacement = true;
    else if (Step == "blocking")
      O.PrintBlocking = true;
    else if (Step == "contexts")
      O.PrintContexts = true;
    else
      fail("CAPCC_PRINT=" + Step +
           ": no such step; the steps are frames, graph, placement, blocking, contexts");
  }
  return O;
}

} // namespace capriccio
