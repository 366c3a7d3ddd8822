// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Keeps what is known of each function, and finds recursion: a function that is asked for while it is being walked calls
// itself, and so does every function in between.

#include "StackDepth.h"

#include "FunctionWalk.h"

#include "llvm/ADT/StringExtras.h"

using namespace llvm;

namespace capstack {

StackDepth::StackDepth(const ElfImage &Image, CallFrames &Frames, ProgramFacts *Program)
    : Image(Image), Frames(Frames), Program(Program), Code(Image), Tables(*this) {
    if (!Program) {
        for (const Export &E : Image.exports()) Starts.insert(E.Address);
        return;
    }
    // A symbol inside of what has call-frame information as one is a label in assembly, not a function.
    ProgramStarts = Frames.starts();
    for (uint64_t Start : Program->starts())
        if (!Frames.covers(Start)) ProgramStarts.push_back(Start);
    for (uint64_t Start : Program->stubs()) ProgramStarts.push_back(Start);
    llvm::sort(ProgramStarts);
    ProgramStarts.erase(std::unique(ProgramStarts.begin(), ProgramStarts.end()), ProgramStarts.end());
}

bool StackDepth::startsFunction(uint64_t Address) const {
    if (Program) return std::binary_search(ProgramStarts.begin(), ProgramStarts.end(), Address);
    return Starts.count(Address) != 0 || Frames.startsAt(Address);
}

uint64_t StackDepth::nextFunction(uint64_t Address) const {
    auto Next = llvm::upper_bound(ProgramStarts, Address);
    return Next == ProgramStarts.end() ? UINT64_MAX : *Next;
}

uint64_t StackDepth::functionAround(uint64_t Address) const {
    auto Next = llvm::upper_bound(ProgramStarts, Address);
    return Next == ProgramStarts.begin() ? 0 : *std::prev(Next);
}

static std::string placed(const ElfImage &Image, StringRef What, uint64_t Address) {
    StringRef Function = Image.functionAt(Address);
    return (What + " at 0x" + utohexstr(Address, /*LowerCase=*/true) + (Function.empty() ? "" : " in ") + Function).str();
}

const DepthResult &StackDepth::of(uint64_t Entry) {
    auto Found = Known.find(Entry);
    if (Found != Known.end()) return *Found->second;
    if (Program)
        if (std::optional<DepthResult> Instead = Program->inPlaceOf(Entry))
            return *(Known[Entry] = std::make_unique<DepthResult>(std::move(*Instead)));
    if (Walking.count(Entry) || Walking.size() >= (Program ? MaxNestingOfProgram : MaxNesting)) {
        // Not kept under Entry: its own walk, still under way, will store its result.
        bool Recursion = Walking.count(Entry) != 0;
        static thread_local DepthResult Cut;
        Cut = DepthResult();
        Cut.Reason = placed(Image, Recursion ? "recursion" : "calls nested too deep", Entry);
        return Cut;
    }
    Walking.insert(Entry);
    auto Result = std::make_unique<DepthResult>(FunctionWalk(*this, Entry, FunctionWalk::Aim::Depth).run());
    Walking.erase(Entry);
    if (Program) Program->concluded(Entry, *Result);
    return *(Known[Entry] = std::move(Result));
}

DepthResult StackDepth::ofIfunc(uint64_t Resolver) {
    auto Found = Candidates.find(Resolver);
    if (Found == Candidates.end()) Found = Candidates.emplace(Resolver, ifuncCandidates(*this, Resolver)).first;
    DepthResult Largest;
    if (Found->second.empty()) {
        Largest.Reason = placed(Image, "the candidates of the IFUNC resolver are not known", Resolver);
        return Largest;
    }
    Largest.Bounded = true;
    for (uint64_t Candidate : Found->second) {
        const DepthResult &One = of(Candidate);
        if (!One.Bounded) return One;
        Largest.Bytes = std::max(Largest.Bytes, One.Bytes);
    }
    return Largest;
}

bool StackDepth::targetsOfSlot(uint64_t Address, SmallVectorImpl<uint64_t> &Out, std::string &Why) {
    const Slot *Filled = Image.slot(Address);
    if (Filled && Filled->By == Slot::Filler::Resolver) {
        auto Found = Candidates.find(Filled->Target);
        if (Found == Candidates.end()) Found = Candidates.emplace(Filled->Target, ifuncCandidates(*this, Filled->Target)).first;
        Out.append(Found->second.begin(), Found->second.end());
        Why = "the candidates of the IFUNC resolver are not known";
        return !Found->second.empty();
    }
    if (Filled && Filled->By == Slot::Filler::Lazy) {
        Why = ("calls " + Filled->Symbol + " through a lazily bound slot").str();
        return false;
    }
    if (Filled && Filled->By == Slot::Filler::OtherModule) {
        Why = ("calls " + Filled->Symbol + ", which another library may define").str();
        return false;
    }
    Why = "indirect call";
    std::optional<uint64_t> Word = Image.constant(Address, 8);
    if (!Word || !Image.isCode(*Word)) return false;
    Out.push_back(*Word);
    return true;
}

} // namespace capstack
