// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Three sources, by trust: a person's CAPR_STACK_BOUND on the declaration, the runtime's own assembly, and bounds read from
// machine code. The last only for the names in rt/stack/leaf_names.h: those go through slots that the runtime sets at
// start, so that another libc, or an interposed memcpy, is sent to the big stack instead (external-code facts: docs/abi.md).
#include "Externals.h"
#include "Diagnostics.h"
#include "RuntimeABI.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/IR/Constants.h"
#include "llvm/IR/Function.h"
#include "llvm/Support/MemoryBuffer.h"

using namespace llvm;

namespace capriccio {

// A leaf that needs more than this is not worth its place on a small stack; every in-place call adds it to its caller's depth.
static constexpr uint64_t MaxLeaf = 128;

static bool isLeafName(StringRef Name) {
  static const StringSet<> Names = {
#define CAPR_LEAF(name) #name,
#include "../rt/stack/leaf_names.h"
#undef CAPR_LEAF
  };
  return Names.contains(Name);
}

static void readAnnotations(const Module &M, StringMap<uint64_t> &Out, StringSet<> &Checkpointed) {
  const GlobalVariable *GV = M.getNamedGlobal("llvm.global.annotations");
  if (!GV || !GV->hasInitializer())
    return;
  const auto *Array = dyn_cast<ConstantArray>(GV->getInitializer());
  if (!Array)
    return;
  for (const Use &Entry : Array->operands()) {
    const auto *Struct = dyn_cast<ConstantStruct>(Entry);
    if (!Struct)
      continue;
    const auto *F = dyn_cast<Function>(Struct->getOperand(0)->stripPointerCasts());
    const auto *Text = dyn_cast<GlobalVariable>(Struct->getOperand(1)->stripPointerCasts());
    if (!F || !Text || !Text->hasInitializer())
      continue;
    const auto *Data = dyn_cast<ConstantDataSequential>(Text->getInitializer());
    if (!Data || !Data->isCString())
      continue;
    StringRef Value = Data->getAsCString();
    if (Value == "capr.checkpoint")
      Checkpointed.insert(F->getName());
    if (!Value.consume_front("capr.stack_bound="))
      continue;
    uint64_t Bytes;
    if (Value.getAsInteger(0, Bytes) || Bytes > (1u << 30))
      fail(F->getName() + ": CAPR_STACK_BOUND(" + Value +
           ") is not a number of bytes");
    Out[F->getName()] = Bytes;
  }
}

static void readBounds(StringRef File, StringMap<uint64_t> &Out,
                       std::string &BuildId) {
  auto Buffer = MemoryBuffer::getFile(File, /*IsText=*/true);
  if (!Buffer)
    fail(File + ": " + Buffer.getError().message() +
         "; the file of stack bounds cannot be read");
  SmallVector<StringRef, 0> Lines;
  (*Buffer)->getBuffer().split(Lines, '\n', -1, /*KeepEmpty=*/false);
  for (StringRef Line : Lines) {
    SmallVector<StringRef, 4> Words;
    SplitString(Line, Words);
    if (Words.empty() || Words[0].starts_with("#"))
      continue;
    if (Words[0] == "library" && Words.size() >= 3) {
      if (!tryGetFromHex(Words.back(), BuildId))
        fail(File + ": '" + Line + "' ends in no build id");
      continue;
    }
    uint64_t Bytes;
    if (Words.size() >= 2 && Words[1] == "-")
      continue; // unbounded, with its reason
    if (Words.size() < 2 || Words[1].getAsInteger(10, Bytes))
      fail(File + ": cannot read the line '" + Line + "'");
    if (isLeafName(Words[0]) && Bytes <= MaxLeaf)
      Out[Words[0]] = Bytes;
  }
  if (BuildId.empty())
    Out.clear(); // nothing to compare with when the program starts
}

Externals::Externals(const Module &M, const Options &O) : EarlyLeaf(O.Shared ? 48 : 16) {
  readAnnotations(M, Annotated, Checkpointed);
  if (!O.BoundsFile.empty())
    readBounds(O.BoundsFile, Leaves, BuildId);
}

std::optional<uint64_t> Externals::bound(StringRef Name) const {
  if (auto It = Annotated.find(Name); It != Annotated.end())
    return It->second;
  if (std::optional<uint64_t> Bytes = runtimeBound(Name))
    return Bytes;
  // The stub of rt/stack/leaf.S jumps: no push of its own. In its untrusted form it jumps on to __capr_borrow (16); in a shared
  // object, before its constructors, it first asks where the function is.
  if (auto It = Leaves.find(Name); It != Leaves.end())
    return std::max<uint64_t>(It->second, EarlyLeaf);
  // Without a bounds file the slot leads to the big stack.
  if (isLeafName(Name))
    return EarlyLeaf;
  return std::nullopt;
}

std::optional<uint64_t> Externals::bound(const Function &F) const {
  if (F.isDeclarationForLinker())
    return bound(F.getName());
  auto It = Annotated.find(F.getName());
  return It == Annotated.end() ? std::nullopt : std::optional(It->second);
}

static const char *const LeafNames[] = {
#define CAPR_LEAF(name) #name,
#include "../rt/stack/leaf_names.h"
#undef CAPR_LEAF
};

std::vector<uint64_t> Externals::leafBounds() const {
  std::vector<uint64_t> Bounds;
  for (const char *Name : LeafNames)
    Bounds.push_back(*bound(Name));
  return Bounds;
}

uint64_t Externals::trustedLeaves() const {
  static_assert(std::size(LeafNames) <= 64, "one bit each");
  uint64_t Mask = 0;
  for (size_t I = 0; I != std::size(LeafNames); ++I)
    if (Leaves.contains(LeafNames[I]))
      Mask |= uint64_t(1) << I;
  return Mask;
}

std::string Externals::reason(StringRef Name) const {
  if (Annotated.contains(Name))
    return "in place: CAPR_STACK_BOUND";
  if (runtimeBound(Name))
    return "in place: the runtime's, bound known";
  if (Leaves.contains(Name))
    return "in place: bound from machine code";
  if (isLeafName(Name))
    return "big stack, by its slot: no bounds file";
  return "big stack: no proven bound";
}

} // namespace capriccio
