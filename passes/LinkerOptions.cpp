// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reads /proc/self/cmdline, response files included. lld's own rule: code generation runs at the level of --lto-CGO, else at
// level 2 unless LTO runs at level 3 (getCGOptLevel); -pie and -shared make it position independent, the last of two opposites
// wins. Under opt (the lit tests) none of the options is there and the defaults hold.
#include "LinkerOptions.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Allocator.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/StringSaver.h"

using namespace llvm;

namespace capriccio {

/// What -lName finds, if that is a shared object. lld's order: in each directory the shared object before the archive.
static std::string findLibrary(StringRef Name, ArrayRef<std::string> Directories, bool Static) {
  for (const std::string &Directory : Directories) {
    if (Name.starts_with(":")) {
      std::string Path = Directory + "/" + Name.drop_front().str();
      if (sys::fs::exists(Path))
        return Path;
      continue;
    }
    std::string Stem = Directory + "/lib" + Name.str();
    if (!Static && sys::fs::exists(Stem + ".so"))
      return Stem + ".so";
    if (sys::fs::exists(Stem + ".a"))
      return "";
  }
  return "";
}

static void readScript(StringRef Path, LinkerOptions &O) {
  if (auto Text = MemoryBuffer::getFile(Path))
    O.Assignments.push_back((*Text)->getBuffer().str());
}

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

  bool LevelIsOwn = false; // said by --lto-CGO, wherever it stands
  auto SetLevel = [&](StringRef Text) {
    if (!LevelIsOwn)
      O.CodeGenLevel = Text == "3" ? CodeGenOptLevel::Aggressive : CodeGenOptLevel::Default;
  };
  // -L counts for each -l, wherever it stands.
  std::vector<std::string> Directories;
  for (size_t I = 0; I != Args.size(); ++I)
    if (StringRef A(Args[I]); A == "-L" && I + 1 != Args.size())
      Directories.push_back(Args[I + 1]);
    else if (A.consume_front("-L") || A.consume_front("--library-path="))
      Directories.push_back(A.str());
  bool Static = false;
  for (size_t I = 1; I < Args.size(); ++I) {
    StringRef A(Args[I]);
    if (A == "-Bstatic" || A == "-dn" || A == "-static")
      Static = true;
    else if (A == "-Bdynamic" || A == "-dy")
      Static = false;
    else if (A == "-Bsymbolic" || A == "--Bsymbolic" || A == "-Bsymbolic-functions" || A == "--Bsymbolic-functions")
      O.Symbolic = true;
    else if (A == "-o" && I + 1 != Args.size()) {
      StringRef Output = Args[++I]; // an older output is no input
      if (O.Name.empty())
        O.Name = sys::path::filename(Output).str();
    } else if ((A == "-soname" || A == "--soname" || A == "-h") && I + 1 != Args.size())
      O.Name = Args[++I];
    else if (A.consume_front("-soname=") || A.consume_front("--soname="))
      O.Name = A.str();
    else if ((A == "--wrap" || A == "-wrap") && I + 1 != Args.size())
      O.Wrapped.push_back(Args[++I]);
    else if (A.consume_front("--wrap=") || A.consume_front("-wrap="))
      O.Wrapped.push_back(A.str());
    else if ((A == "--defsym" || A == "-defsym") && I + 1 != Args.size())
      O.Assignments.push_back(Args[++I]);
    else if (A.consume_front("--defsym=") || A.consume_front("-defsym="))
      O.Assignments.push_back(A.str());
    else if ((A == "-T" || A == "--script" || A == "-script") && I + 1 != Args.size())
      readScript(Args[++I], O);
    else if (A.consume_front("--script=") || A.consume_front("-script="))
      readScript(A, O);
    else if (A.starts_with("--lto-partitions=") && A != "--lto-partitions=1")
      O.Partitioned = true;
    else if (A.contains("-enable-ipra") && !A.ends_with("=0") && !A.ends_with("=false"))
      O.InterproceduralRegisters = true;
    else if (A.contains("-enable-machine-outliner") && !A.ends_with("=never"))
      O.Outlined = true;
    else if (size_t At = A.find("-basic-block-sections="); At != StringRef::npos) // lld's, and LLVM's own
      O.BlockSections = !A.ends_with("=none") && !A.ends_with("=labels");
    else if (A == "-l" && I + 1 != Args.size())
      O.SharedObjects.push_back(findLibrary(Args[++I], Directories, Static));
    else if (A.consume_front("-l"))
      O.SharedObjects.push_back(findLibrary(A, Directories, Static));
    else if (!A.starts_with("-") && (A.ends_with(".so") || A.contains(".so.")))
      O.SharedObjects.push_back(A.str());
  }

  for (const char *Arg : Args) {
    StringRef A(Arg);
    if (A == "-pie" || A == "--pie" || A == "-shared" || A == "--shared")
      O.PositionIndependent = true;
    else if (A == "-no-pie" || A == "--no-pie")
      O.PositionIndependent = false;
    else if (A.consume_front("-plugin-opt=O") || A.consume_front("--lto-O") || A.consume_front("--plugin-opt=O"))
      SetLevel(A);
    else if (unsigned Level; A.consume_front("--lto-CGO") && !A.getAsInteger(10, Level)) {
      LevelIsOwn = true;
      O.CodeGenLevel = CodeGenOpt::getLevel(Level).value_or(CodeGenOptLevel::Default);
    }
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
