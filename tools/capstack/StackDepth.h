// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The stack depth of functions of one image, proved from machine code alone: each function is walked once (FunctionWalk), what
// it calls is looked up here.

#ifndef CAPSTACK_STACKDEPTH_H
#define CAPSTACK_STACKDEPTH_H

#include "CallFrames.h"
#include "Decoder.h"
#include "ElfImage.h"
#include "JumpTables.h"
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
    uint64_t OwnBytes = 0;  // without what it calls
    uint64_t BlockBytes = 0;// below its dynamic allocas
    uint64_t SeenOwnBytes = 0, SeenBlockBytes = 0; // of these two, what rsp is certain to take, even if there is no bound
    uint64_t DeepestCallee = 0; // the one that goes deepest, 0 if none is known; called with its return address
    uint64_t DeepestCallAt = 0; // these bytes below our own
};

/// What is known of a program that capcc linked, beyond its code: where one function's need ends and the runtime takes over.
class ProgramFacts {
  public:
    virtual ~ProgramFacts() = default;
    /// What stands for the function at \p Entry where it is called; nothing if it is to be walked.
    virtual std::optional<DepthResult> inPlaceOf(uint64_t Entry) = 0;
    /// What stands for a function that was walked to \p Walked.
    virtual void concluded(uint64_t Entry, DepthResult &Walked) = 0;
    /// Bytes below the return address that the targets of \p I need at most, a jump or call through a pointer in the
    /// function at \p Entry. Nothing if that is not known.
    virtual std::optional<uint64_t> throughPointer(uint64_t Entry, const Instruction &I) = 0;
    virtual bool neverReturns(uint64_t Entry) const = 0;
    /// Whether the function moves rsp by amounts that are not known, each after a check of its own.
    virtual bool hasBlocks(uint64_t Entry) const = 0;
    /// Where functions start that have no call-frame information; sorted.
    virtual llvm::ArrayRef<uint64_t> starts() const = 0;
    /// Where stubs start, which may share one piece of call-frame information.
    virtual llvm::ArrayRef<uint64_t> stubs() const = 0;
};

class StackDepth {
  public:
    /// \p Program: null for a library.
    StackDepth(const ElfImage &Image, CallFrames &Frames, ProgramFacts *Program = nullptr);

    /// The depth of the function that starts at \p Entry. The reference stays valid.
    const DepthResult &of(uint64_t Entry);

    /// The depth of whatever the resolver at \p Resolver may choose: the largest over its candidates.
    DepthResult ofIfunc(uint64_t Resolver);

    /// Appends the functions that the loader may put into the word at \p Address. False, with \p Why, if they are not known.
    bool targetsOfSlot(uint64_t Address, llvm::SmallVectorImpl<uint64_t> &Out, std::string &Why);

    bool startsFunction(uint64_t Address) const;
    /// The lowest start of a function above \p Address, UINT64_MAX if there is none. Of a program only.
    uint64_t nextFunction(uint64_t Address) const;
    /// The highest start of a function not above \p Address, 0 if there is none. Of a program only.
    uint64_t functionAround(uint64_t Address) const;
    bool isBeingWalked(uint64_t Entry) const { return Walking.count(Entry) != 0; }

    const ElfImage &image() const { return Image; }
    CallFrames &frames() { return Frames; }
    Decoder &decoder() { return Code; }
    SetPool &pool() { return Pool; }
    ProgramFacts *program() { return Program; }
    JumpTables &tables() { return Tables; }

    /// Where call-frame information and code disagree and the code needs more, one line for each function.
    std::vector<std::string> Disagreements;
    std::set<uint64_t> DisagreementsSeen;

  private:
    /// No library nests calls as deep; bounds our own recursion.
    static constexpr size_t MaxNesting = 256;
    /// A path of BigPath bytes (Placement.h) has no more calls on it. VerifyCommand gives our own stack the room.
    static constexpr size_t MaxNestingOfProgram = 8192;

    const ElfImage &Image;
    CallFrames &Frames;
    ProgramFacts *const Program;
    Decoder Code;
    JumpTables Tables;
    SetPool Pool;
    std::set<uint64_t> Starts;  // of exported functions
    std::vector<uint64_t> ProgramStarts; // of all functions of a program, sorted
    std::set<uint64_t> Walking; // entries of the functions on our own stack
    std::unordered_map<uint64_t, std::unique_ptr<DepthResult>> Known;
    std::unordered_map<uint64_t, std::vector<uint64_t>> Candidates; // by resolver; empty: not known
};

/// The functions that the resolver at \p Resolver may return; empty if they can't be proved. See Ifunc.cpp.
std::vector<uint64_t> ifuncCandidates(StackDepth &Depths, uint64_t Resolver);

} // namespace capstack

#endif
