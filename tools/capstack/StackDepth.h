// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The stack depth of functions of one image, proved from machine code alone: each function is walked once (FunctionWalk), what
// it calls is looked up here.

#ifndef CAPSTACK_STACKDEPTH_H
#define CAPSTACK_STACKDEPTH_H

#include "CallFrames.h"
#include "Decoder.h"
#include "ElfImage.h"
#include "MachineState.h"

#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

namespace capstack {

struct DepthResult {
    bool Bounded = false;
    uint64_t Bytes = 0;     // below the return address, if bounded
    std::string Reason;     // why there is no bound
    bool Returns = false;   // some path returns
    RegisterSet Preserved = CalleeSaved; // handed back unchanged on all paths that return
    Value Result;           // of rax, on return
};

class StackDepth {
  public:
    StackDepth(const ElfImage &Image, CallFrames &Frames);

    /// The depth of the function that starts at \p Entry. The reference stays valid.
    const DepthResult &of(uint64_t Entry);

    /// The depth of whatever the resolver at \p Resolver may choose: the largest over its candidates.
    DepthResult ofIfunc(uint64_t Resolver);

    /// Appends the functions that the loader may put into the word at \p Address. False, with \p Why, if they are not known.
    bool targetsOfSlot(uint64_t Address, llvm::SmallVectorImpl<uint64_t> &Out, std::string &Why);

    bool startsFunction(uint64_t Address) const { return Starts.count(Address) != 0 || Frames.startsAt(Address); }
    bool isBeingWalked(uint64_t Entry) const { return Walking.count(Entry) != 0; }

    const ElfImage &image() const { return Image; }
    CallFrames &frames() { return Frames; }
    Decoder &decoder() { return Code; }
    SetPool &pool() { return Pool; }

    /// Where call-frame information and code disagree and the code needs more, one line for each function.
    std::vector<std::string> Disagreements;
    std::set<uint64_t> DisagreementsSeen;

  private:
    /// No library nests calls as deep; bounds our own recursion.
    static constexpr size_t MaxNesting = 256;

    const ElfImage &Image;
    CallFrames &Frames;
    Decoder Code;
    SetPool Pool;
    std::set<uint64_t> Starts;  // of exported functions
    std::set<uint64_t> Walking; // entries of the functions on our own stack
    std::unordered_map<uint64_t, std::unique_ptr<DepthResult>> Known;
    std::unordered_map<uint64_t, std::vector<uint64_t>> Candidates; // by resolver; empty: not known
};

/// The functions that the resolver at \p Resolver may return; empty if they can't be proved. See Ifunc.cpp.
std::vector<uint64_t> ifuncCandidates(StackDepth &Depths, uint64_t Resolver);

} // namespace capstack

#endif
